"""Health by connecting: a port that accepts, a TLS handshake that succeeds; no more than that is shown."""

import asyncio
import ssl
from dataclasses import dataclass, replace
from typing import ClassVar, Literal
from urllib.parse import unquote, urlsplit

from collectors.base import Collector, Context
from collectors.errors import OptionsError
from collectors.health._parsed import Outcome
from collectors.health._probe import ANSWERS, ProbeLog, deadline, expiry, latency_of, slowness
from collectors.health._window import Window, WindowRule
from collectors.model.health import HealthReading
from collectors.model.practice import Practice
from collectors.model.quantity import Unit, exact
from collectors.model.sweep import Cost, Sweep
from collectors.options import Duration, Url
from collectors.text import Shown
from collectors.transport.read.tcp import connect
from collectors.transport.resolve import Resolver
from collectors.transport.tls import TlsFiles, client_context


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpHealthOptions:
    """One port.

    ``url``: tcp://host:port, tls://host:port (with a verified handshake) or unix:///path. ``probe``:
    what an accepting port stands for: liveness, readiness, startup. ``ca_file``: PEM file of an
    authority of your own. ``client_cert``, ``client_key``: PEM files for a server that asks for them.
    ``window``: failures in how many probes mean down ("2 of 3"). ``recover``: connections in a row that
    end it. ``slow``: a connection that takes longer is noted as slow.
    """

    url: Url
    probe: Literal["liveness", "readiness", "startup"] = "liveness"
    ca_file: str = ""
    client_cert: str = ""
    client_key: str = ""
    window: Window = WindowRule()  # noqa: RUF009 - frozen
    recover: int = 2
    slow: Duration = 1.0


class TcpHealth(Collector[TcpHealthOptions]):
    """Connects to one port and hangs up; refusals and time-outs are readings and are never backed off."""

    practice: ClassVar[Practice] = Practice.HEALTH
    Options: ClassVar[type[TcpHealthOptions]] = TcpHealthOptions
    backs_off: ClassVar[bool] = False

    def __init__(self, options: TcpHealthOptions, context: Context) -> None:
        super().__init__(options, context)
        scheme = options.url.scheme
        if scheme not in ("tcp", "tls", "unix"):
            raise OptionsError(f"{options.url.shown} is no port", "write tcp://, tls:// or unix://")
        parts = urlsplit(options.url.reveal())
        place = unquote(parts.path) if scheme == "unix" else parts.netloc.rpartition("@")[2]
        subject = context.subject(Practice.HEALTH, place.encode(), label=context.collector, owner=place)
        self._log = ProbeLog(subject, options.probe, options.window, options.recover)
        self._format = "tls" if scheme == "tls" else "tcp"
        self._resolver = Resolver()
        self._tls: ssl.SSLContext | None = None

    async def collect(self) -> Sweep:
        """One connection."""
        within = deadline(self.context.timeout)
        dial = await self.context.dialer.dial(self.context.endpoint(self.options.url))
        if self._format == "tls" and self._tls is None:
            files = TlsFiles(self.options.ca_file, self.options.client_cert, self.options.client_key)
            self._tls = await asyncio.to_thread(client_context, files)
        try:
            made = await connect(dial, self._resolver, timeout=within, context=self._tls)
        except ANSWERS as error:
            self._tls = None  # so that a renewed certificate file is read
            reading = replace(self._log.failed(error), latency=latency_of(error, within))
        else:
            reading = self._connected(made.elapsed, made.cert_not_after, remembered=made.remembered)
        return self.sweep([reading], cost=Cost(requests=1))

    def _connected(self, elapsed: float, ends: float | None, *, remembered: bool) -> HealthReading:
        silent = "the name server is silent: the last known address was used" if remembered else ""
        reasons = [slowness(elapsed, self.options.slow), silent]
        return replace(
            self._log.reading(Outcome.PASS, Shown("accepts"), reasons),
            format=self._format,
            latency=exact(elapsed, Unit.SECONDS),
            tls_expires=expiry(ends, self.context.clock.wall()),
        )


COLLECTOR = TcpHealth
