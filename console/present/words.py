"""Numbers and times in the words that every screen and command uses."""

import math
import re
from datetime import UTC, datetime, tzinfo

from collectors.model.quantity import Known, Quantity, Unit

_COUNT_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_BYTE_STEPS = ((2.0**40, "TiB"), (2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"))
_TIME_STEPS = ((86400.0, "d", 3600.0, "h"), (3600.0, "h", 60.0, "min"), (60.0, "min", 1.0, "s"))


def say(quantity: Quantity) -> str:
    """A quantity for people: ``8.2k``, ``14 min``, ``97 %``, ``≥ 42 s``, ``≈ 3 MiB ± 10 %``, ``unknown``."""
    if quantity.value is None:
        return str(quantity.known)
    text = number(quantity.value, quantity.unit)
    if quantity.known is Known.AT_LEAST:
        return f"≥ {text}"
    if quantity.known is Known.ABOUT:
        return f"≈ {text}{_margin(quantity)}"
    return text


def tell(quantity: Quantity) -> str:
    """The same for the cell of a table: without a margin, ``?`` and ``…`` for what is not known."""
    if quantity.value is None:
        return brief(quantity)
    if quantity.known is Known.ABOUT and quantity.value is not None:
        return f"≈ {number(quantity.value, quantity.unit)}"
    return say(quantity)


def countdown(quantity: Quantity) -> str:
    """A length of time of which every second counts: whole seconds up to ten minutes."""
    if quantity.value is None or quantity.value >= 600:
        return say(quantity)
    return ("≈ " if quantity.known is Known.ABOUT else "") + f"{quantity.value:.0f} s"


def brief(quantity: Quantity) -> str:
    """The same in at most a few characters: ``8.2k``, ``14m``, ``97%``, ``≥42s``, ``?``, ``…``."""
    if quantity.value is None:
        return "…" if quantity.known is Known.NEEDS_SAMPLES else "?"
    text = number(quantity.value, quantity.unit)
    for long, small in ((" min", "m"), (" ms", "ms"), (" s", "s"), (" h", "h"), (" d", "d"), (" %", "%")):
        text = text.replace(long, small)
    text = (
        text.replace("KiB", "K").replace("MiB", "M").replace("GiB", "G").replace("TiB", "T").replace(" ", "")
    )
    prefix = {Known.AT_LEAST: "≥", Known.ABOUT: "≈"}.get(quantity.known, "")
    return prefix + text


def tiny(quantity: Quantity, tag: str = "") -> str:
    """The same in at most four characters, with ``tag`` where it finds room; the magnitude always stays."""
    if quantity.value is None:
        return brief(quantity)
    bare = brief(quantity).lstrip("≥≈").removesuffix("/s")
    if quantity.unit is Unit.SECONDS and 0.0995 <= abs(quantity.value) < 0.9995:
        bare = f"{quantity.value:.1f}s"
    prefix = {Known.AT_LEAST: "≥", Known.ABOUT: "≈"}.get(quantity.known, "")
    rough = _rough(bare, down=quantity.known is Known.AT_LEAST)
    lengths = (prefix + bare + tag, prefix + bare, prefix + rough, bare, rough)
    return next((text for text in lengths if len(text) <= 4), rough[:3] + "…")


def _rough(text: str, *, down: bool) -> str:
    """The first number of a brief text without its fraction, and its unit; nothing is rounded to 0."""
    found = re.match(r"(-?[\d.]+)([^\d.]*)", text)
    if found is None:
        return text
    whole = math.floor(float(found[1])) if down else round(float(found[1]))
    return f"{whole}{found[2]}" if whole or not float(found[1]) else text


def number(value: float, unit: Unit) -> str:
    """A bare value with its unit."""
    if unit is Unit.SECONDS:
        return span(value)
    if unit is Unit.BYTES:
        return _scaled(value, _BYTE_STEPS, " ", "B")
    if unit is Unit.RATIO:
        percent = value * 100
        if abs(percent) >= 9999.5:
            return _scaled(percent, _COUNT_STEPS, "", "") + " %"
        return (
            f"{percent:.1f} %" if 0 < abs(percent) < 10 and percent != round(percent) else f"{percent:.0f} %"
        )
    if unit is Unit.PER_SECOND:
        return f"{_scaled(value, _COUNT_STEPS, '', '')}/s"
    return _scaled(value, _COUNT_STEPS, "", "")


def span(seconds: float) -> str:
    """A length of time: ``12 ms``, ``3.4 s``, ``42 s``, ``14 min``, ``2 h 5 min``, ``3 d``."""
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    if seconds < 0.0005:
        return "0 s"
    if seconds < 0.9995:
        return f"{sign}{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{sign}{seconds:.1f}".removesuffix(".0") + " s"
    if seconds < 59.5:
        return f"{sign}{seconds:.0f} s"
    for size, name, small_size, small_name in _TIME_STEPS:
        whole = int((seconds + small_size / 2) // small_size)
        per = int(size // small_size)
        big, rest = divmod(whole, per)
        if big:
            tail = f" {rest} {small_name}" if rest and big < 10 and size > 60 else ""
            return f"{sign}{big} {name}{tail}"
    return f"{sign}{seconds:.0f} s"


def clock_time(at: float, zone: tzinfo = UTC, *, seconds: bool = True) -> str:
    """Time of day with its zone: ``14:03:22 UTC``."""
    return datetime.fromtimestamp(at, zone).strftime("%H:%M:%S %Z" if seconds else "%H:%M %Z")


def rfc3339(at: float) -> str:
    """UTC time with milliseconds, as JSON carries it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def cut_words(text: str, limit: int) -> str:
    """The text, or its head and an ellipsis."""
    return text if len(text) <= limit else text[: max(0, limit - 1)] + "…"


def counted(count: int, one: str, many: str = "") -> str:
    """``1 worker``, ``3 workers``."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def _scaled(value: float, steps: tuple[tuple[float, str], ...], gap: str, base: str) -> str:
    size = abs(value)
    for step, name in steps:
        if size >= step * 0.9995:
            scaled = value / step
            text = f"{scaled:.1f}" if abs(scaled) < 9.95 else f"{scaled:.0f}"
            return text.removesuffix(".0") + gap + name
    text = f"{value:.2g}" if 0 < size < 0.995 else f"{value:.1f}" if size < 9.95 else f"{value:.0f}"
    return (text.removesuffix(".0") if "." in text else text) + (gap + base if base else "")


def _margin(quantity: Quantity) -> str:
    if quantity.margin is None or not quantity.value:
        return ""
    return f" ± {abs(quantity.margin / quantity.value) * 100:.0f} %"
