"""Whether an instance wants new work and what it is at: what a drain switches, and what one watches."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

# paths that look at the instance rather than ask it for something
OWN_PATHS = ("/drain", "/metrics")
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METRICS = """\
# HELP http_server_active_requests Requests in flight, without streams, health, metrics and drain.
# TYPE http_server_active_requests gauge
http_server_active_requests {requests}
# HELP http_server_active_streams Event streams that clients hold open.
# TYPE http_server_active_streams gauge
http_server_active_streams {streams}
# HELP http_requests_total Requests and streams that ended, without health, metrics and drain.
# TYPE http_requests_total counter
http_requests_total {ended}
"""


def is_work(path: str) -> bool:
    """Tell whether a request for `path` is counted and logged: all but health, metrics and drain."""
    return not ("health" in path or path.endswith("z") or path in OWN_PATHS)


@dataclass(slots=True)
class Duty:
    """The drain switch and the counters of one process, which they do not outlive.

    `draining_since`: None while the instance wants work. `ending`: set when the process shuts down.
    """

    draining_since: datetime | None = None
    requests: int = 0
    streams: int = 0
    ended: int = 0
    ending: asyncio.Event = field(default_factory=asyncio.Event)

    def drain(self, *, on: bool) -> bool:
        """Turn the switch; tell whether that changed anything, for the moment of a drain is its first."""
        if on == (self.draining_since is not None):
            return False
        self.draining_since = datetime.now(UTC) if on else None
        return True

    def told(self) -> dict[str, object]:
        """Return {"draining": bool, "since": RFC 3339 or None}."""
        since = self.draining_since
        return {"draining": since is not None, "since": since.isoformat() if since else None}

    @contextmanager
    def at_work(self, path: str) -> Iterator[None]:
        """Count one request, or one stream, from its beginning to its end."""
        stream = path.endswith("/stream")
        self.streams += stream
        self.requests += not stream
        try:
            yield
        finally:
            self.streams -= stream
            self.requests -= not stream
            self.ended += 1

    def metrics(self) -> str:
        """Return the figures as Prometheus reads them, text format 0.0.4."""
        return METRICS.format(requests=self.requests, streams=self.streams, ended=self.ended)
