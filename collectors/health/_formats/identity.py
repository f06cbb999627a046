"""Which process answered: version, instance, start or uptime, wherever the usual names stand."""

from collections.abc import Iterator, Mapping

from collectors.health._durations import duration, iso_moment, moment
from collectors.health._parsed import Told, number, text
from collectors.text import Shown, one_line

_VERSION = ("releaseid", "release", "version", "appversion", "serviceversion", "buildversion", "tag")
_COMMIT = ("commit", "gitcommit", "gitsha", "sha", "revision", "commitid", "build", "buildid")
_INSTANCE = ("instanceid", "instance", "podname", "pod", "hostname", "node", "nodename")
_STARTED = (
    "startedat",
    "starttime",
    "started",
    "processstarttime",
    "processstarttimeseconds",
    "boottime",
    "startdate",
)
_UPTIME = {
    "uptimeseconds": 1.0,
    "uptimesec": 1.0,
    "uptimes": 1.0,
    "uptimems": 1e-3,
    "uptimemillis": 1e-3,
    "uptimemilliseconds": 1e-3,
}
_RESTARTS = ("restarts", "restartcount")
_INSIDE = (
    "git",
    "build",
    "info",
    "app",
    "application",
    "system",
    "process",
    "meta",
    "service",
    "component",
    "data",
)
_HEADERS = ("x-instance-id", "x-pod-name", "x-served-by")


def told(document: object, headers: Mapping[str, str]) -> Told:
    """What a JSON object and the headers tell of the process."""
    names = dict(_names(document))
    version = _first(names, _VERSION)
    commit = _first(names, _COMMIT)
    instance = _first(names, _INSTANCE) or next((headers[name] for name in _HEADERS if name in headers), "")
    uptime, raw = _uptime(names)
    restarts = next((number(names[name]) for name in _RESTARTS if name in names), None)
    return Told(
        version=_joined(version, commit),
        instance=one_line(instance, 80),
        started=next((when for name in _STARTED if (when := _moment(names.get(name))) is not None), None),
        uptime=uptime,
        raw_uptime=raw,
        restarts=int(restarts) if restarts is not None and 0 <= restarts < 1e9 else None,
    )


def _names(document: object) -> Iterator[tuple[str, object]]:
    """Members by plain names, two levels deep; what stands higher wins, so it comes last."""
    if not isinstance(document, Mapping):
        return
    top = [(_plain(name), value) for name, value in list(document.items())[:200]]
    for name, inside in top:
        if name in _INSIDE and isinstance(inside, Mapping):
            for key, value in list(inside.items())[:200]:
                yield (_plain(key) if name != "git" else "git" + _plain(key)).replace("gitgit", "git"), value
                if name == "git" and isinstance(value, Mapping):
                    yield "gitcommit", value.get("id")
    yield from top


def _plain(name: object) -> str:
    """Lower case without the marks that part words; names over 60 characters are none of ours."""
    return "".join(char for char in str(name)[:60].lower() if char.isalnum())


def _first(names: Mapping[str, object], wanted: tuple[str, ...]) -> str:
    return next((found for name in wanted if (found := text(names.get(name)).strip())), "")


def _joined(version: str, commit: str) -> Shown:
    short = commit[:12]
    if version and short and short not in version:
        return one_line(f"{version[:60]} ({short})", 80)
    return one_line(version or short, 80)


def _moment(value: object) -> float | None:
    seconds = number(value)
    if seconds is not None:
        return moment(seconds)
    return iso_moment(value) if isinstance(value, str) else None


def _uptime(names: Mapping[str, object]) -> tuple[float | None, float | None]:
    """Seconds where the unit is told, else the bare number."""
    for name, factor in _UPTIME.items():
        value = number(names.get(name))
        if value is not None and value >= 0:
            return value * factor, None
    bare = names.get("uptime")
    if isinstance(bare, str):
        return duration(bare), None
    value = number(bare)
    return None, value if value is not None and value >= 0 else None
