"""What a service tells of its load: Prometheus text, JSON or nginx's stub_status, in one form; pure."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from collectors.drains.http import names
from collectors.drains.http.exposition import Sample, samples

_STUB = re.compile(
    r"Active connections:\s*(\d+)\s+server accepts handled requests\s+\d+\s+\d+\s+(\d+)\s+"
    r"Reading:\s*\d+\s+Writing:\s*(\d+)\s+Waiting:\s*\d+\s*"
)
_JSON_LIMIT = 256 * 1024
_MOST_KEYS = 1000


class Count(NamedTuple):
    """A number and whether our own looks are in it; None: that is not told."""

    value: float
    ours: bool | None = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What was found. ``requests`` counts up; ``started``: UTC epoch seconds; ``draining``: as told."""

    in_flight: Count | None = None
    streams: Count | None = None
    sessions: Count | None = None
    queued: Count | None = None
    requests: Count | None = None
    started: float | None = None
    draining: bool | None = None

    @property
    def tells(self) -> bool:
        """Whether anything is told of what is being worked on."""
        return self.in_flight is not None or self.streams is not None or self.sessions is not None


NOTHING = Load()


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Names that the configuration gives, before those that are known; ``own``: paths that we ask for."""

    in_flight: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()


def load_of(body: bytes, named: Names, *, cut: bool = False) -> Load:
    """The load that a body tells; raises ValueError for one of no format that is known."""
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    if text.lstrip()[:1] == "{":
        return json_load(body, named)
    stub = _STUB.fullmatch(text.strip())
    if stub is not None:
        # the look itself is one connection, and nginx is writing the answer to it
        active, requests, writing = (float(group) for group in stub.groups())
        return Load(
            in_flight=Count(writing, ours=True),
            sessions=Count(active, ours=True),
            requests=Count(requests, ours=True),
        )
    return _metrics(text, named, cut=cut)


def json_load(body: bytes, named: Names) -> Load:
    """The load in a JSON object, by usual keys or by configured ones ("stats.open").

    Raises ValueError for what is no JSON.
    """
    if len(body) > _JSON_LIMIT:
        raise ValueError(f"a JSON answer of {len(body) // 1024} KiB is not read")
    try:
        document = json.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except RecursionError:
        raise ValueError("JSON too deep to be read") from None
    told = dict(_members(document))
    flags = [told[key] for key in names.JSON_DRAINING if isinstance(told.get(key), bool)]
    return Load(
        in_flight=_number(told, named.in_flight, names.JSON_IN_FLIGHT, ours=None),
        streams=_number(told, named.streams, names.JSON_STREAMS, ours=False),
        sessions=_number(told, (), names.JSON_SESSIONS, ours=None),
        queued=_number(told, (), names.JSON_QUEUED, ours=False),
        requests=_number(told, named.requests, names.JSON_REQUESTS, ours=None),
        draining=bool(flags[0]) if flags else None,
    )


def _members(document: object) -> Iterator[tuple[str, object]]:
    """Members two levels deep, by whole dotted path and by plain name; what stands higher comes last."""
    if not isinstance(document, Mapping):
        return
    top = list(document.items())[:_MOST_KEYS]
    for outer, inside in top:
        if isinstance(inside, Mapping):
            for name, value in list(inside.items())[:_MOST_KEYS]:
                yield _plain(name), value
                yield f"{outer}.{name}", value
    for name, value in top:
        yield _plain(name), value
        yield str(name), value


def _plain(name: object) -> str:
    return "".join(char for char in str(name)[:60].lower() if char.isalnum())


def _number(
    told: Mapping[str, object], given: Sequence[str], known: Sequence[str], *, ours: bool | None
) -> Count | None:
    for name in (*given, *known):
        value = told.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 2**53:
            return Count(float(value), ours)
    return None


def _metrics(text: str, named: Names, *, cut: bool) -> Load:
    kinds = {
        "in_flight": (*named.in_flight, *names.IN_FLIGHT),
        "streams": (*named.streams, *names.STREAMS),
        "sessions": names.SESSIONS,
        "queued": names.QUEUED,
        "requests": (*named.requests, *names.REQUESTS),
    }
    wanted = {name for known in kinds.values() for name in known} | {names.STARTED}
    found = samples(text, wanted, cut=cut)

    def told(kind: str) -> Count | None:
        there = (name for name in kinds[kind] if name in found)
        return next((_sum(name, found[name], named.own) for name in there), None)

    streams = told("streams")
    started = [sample.value for sample in found.get(names.STARTED, ())]
    return Load(
        in_flight=told("in_flight"),
        streams=streams and streams._replace(ours=False),
        sessions=told("sessions"),
        queued=told("queued"),
        requests=told("requests"),
        # several processes behind one page: none of them is the one that answers
        started=started[0] if len(started) == 1 and math.isfinite(started[0]) else None,
    )


def _sum(name: str, lines: Sequence[Sample], own: frozenset[str]) -> Count | None:
    """The sum over all labels but our own routes; None where a line is no number of things."""
    if any(not math.isfinite(line.value) or line.value < 0 for line in lines):
        return None
    if name.startswith("envoy_http_"):
        # the administration port, over which we look, counts apart
        return Count(sum(line.value for line in lines if _admin_of(line) != "admin"))
    routes = [_route(line.labels) for line in lines]
    if any(routes):
        return Count(sum(line.value for line, route in zip(lines, routes, strict=True) if route not in own))
    return Count(sum(line.value for line in lines), True if name.startswith("nginx_") else None)


def _admin_of(line: Sample) -> str:
    return line.labels.get("envoy_http_conn_manager_prefix", "")


def _route(labels: Mapping[str, str]) -> str:
    """The path that a sample is about, without a slash at its end; empty where no label tells one."""
    for label in names.ROUTE:
        value = labels.get(label, "")
        if value.startswith(("/", "http://", "https://")):
            return path_of(value)
    return ""


def path_of(value: str) -> str:
    """The path of a URL or path, comparable: without query and without a slash at its end."""
    try:
        path = urlsplit(value).path
    except ValueError:
        path = value
    return path.rstrip("/") or "/"
