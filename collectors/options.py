"""Types for adapters' options, as TOML writes them; settings validates option dataclasses with pydantic."""

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainValidator

from collectors.secret import Secret, SecretUrl

_FACTORS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_LONGEST = 100 * 366 * 86400.0
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_SIZES = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}

_LONGEST = 100 * 366 * 86400.0
_LARGEST = 2**60


def parse_duration(value: object) -> float:
    """Seconds of ``"1m30s"``, ``"500ms"`` or a plain number; raises ValueError with an example."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= _LONGEST:
        return float(value)
    text = value.strip()[:100] if isinstance(value, str) else ""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text.replace(" ", ""):
        raise ValueError('must be a duration such as "5s", "1m30s" or "500ms"')
    total = sum(float(number) * _FACTORS[unit] for number, unit in parts)
    if total > _LONGEST:
        raise ValueError("must be a duration of less than a hundred years")
    return total


def parse_size(value: object) -> int:
    """Bytes of ``"64MiB"``, ``"10 kB"`` or a plain number; raises ValueError with an example."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST:
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", value.strip()) if isinstance(value, str) else None
    if match is None or match[2] not in _SIZES:
        raise ValueError('must be a size such as "64MiB" or "10kB"')
    size = float(match[1]) * _SIZES[match[2]]
    if size > _LARGEST:
        raise ValueError("must be a size of less than an exbibyte")
    return int(size)


def _optional_url(value: object) -> SecretUrl | None:
    return None if value in (None, "") else SecretUrl.parse(value)


Duration = Annotated[float, BeforeValidator(parse_duration)]
Size = Annotated[int, BeforeValidator(parse_size)]
SecretText = Annotated[Secret, PlainValidator(Secret.parse)]
Url = Annotated[SecretUrl, PlainValidator(SecretUrl.parse)]
OptionalUrl = Annotated[SecretUrl | None, PlainValidator(_optional_url)]
