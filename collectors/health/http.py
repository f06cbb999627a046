"""Health by HTTP: dials anew each time, understands the usual formats, and says why not to believe one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal
from urllib.parse import unquote, urlsplit

from collectors.base import Collector, Context
from collectors.health._flaws import DateWatch, flaws
from collectors.health._formats.read import parse
from collectors.health._lives import Lives
from collectors.health._options import HEALTHY_STATUS, Statuses
from collectors.health._parsed import Outcome, ParsedHealth
from collectors.health._probe import ANSWERS, ProbeLog, deadline, expiry, latency_of, slowness
from collectors.health._window import Window, WindowRule
from collectors.model.health import HealthReading
from collectors.model.practice import Practice
from collectors.model.quantity import Unit, exact
from collectors.model.subject import Subject
from collectors.model.sweep import Cost, Sweep
from collectors.options import Duration, SecretText, Url
from collectors.text import Shown
from collectors.transport.lease import LeaseKey
from collectors.transport.read.http import HttpReader, Response, Target, http_lease
from collectors.transport.tls import TlsFiles

_OUR_RIGHTS = (401, 403, 407, 429)
"""Answers to us rather than about the service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpHealthOptions:
    """One health endpoint.

    ``url``: http, https, http+unix or https+unix. ``probe``: what the endpoint claims to tell:
    liveness, readiness, startup. ``method``: GET, or HEAD where only the status code counts.
    ``expect_status``: codes that mean healthy ("200-299, 429"). ``headers``: sent with each probe,
    values are secrets. ``ca_file``: PEM file of an authority of your own. ``client_cert``, ``client_key``:
    PEM files for a server that asks for them (empty key: in the same file). ``window``: failures in
    how many probes mean down ("2 of 3"). ``recover``: passes in a row that end it. ``slow``: an answer
    that takes longer is noted as slow.
    """

    url: Url
    probe: Literal["liveness", "readiness", "startup"] = "readiness"
    method: Literal["GET", "HEAD"] = "GET"
    expect_status: Statuses = HEALTHY_STATUS
    headers: Mapping[str, SecretText] = field(default_factory=dict)
    ca_file: str = ""
    client_cert: str = ""
    client_key: str = ""
    window: Window = WindowRule()  # noqa: RUF009 - frozen
    recover: int = 2
    slow: Duration = 1.0


class HttpHealth(Collector[HttpHealthOptions]):
    """Probes one endpoint; refusals, time-outs and 5xx are readings and are never backed off.

    While it fails, its version and restarts are those last told.
    """

    practice: ClassVar[Practice] = Practice.HEALTH
    Options: ClassVar[type[HttpHealthOptions]] = HttpHealthOptions
    backs_off: ClassVar[bool] = False

    def __init__(self, options: HttpHealthOptions, context: Context) -> None:
        super().__init__(options, context)
        self._target = Target.of(options.url, options.headers)
        self._log = ProbeLog(_subject(options, context), options.probe, options.window, options.recover)
        self._lives = Lives()
        self._dates = DateWatch()
        self._version = Shown("")
        self._lease: LeaseKey | None = None
        self._reader: HttpReader | None = None

    async def open(self) -> None:
        """Join the loop's reader."""
        if self._reader is None:
            await self._joined()

    async def collect(self) -> Sweep:
        """One probe."""
        reader = self._reader or await self._joined()
        within = deadline(self.context.timeout)
        dial = await self.context.dialer.dial(self.context.endpoint(self.options.url))
        try:
            response = await reader.read(self._target, dial, timeout=within, method=self.options.method)
        except ANSWERS as error:
            reading = replace(
                self._log.failed(error),
                latency=latency_of(error, within),
                version=self._version,
                restarts=self._lives.restarts,
            )
            return self.sweep([reading], cost=Cost(requests=1))
        sent = len(response.body) + sum(len(name) + len(value) + 4 for name, value in response.headers)
        return self.sweep([self._answered(response)], cost=Cost(requests=1, bytes=sent))

    async def close(self) -> None:
        """Leave the reader to the others."""
        key, self._lease, self._reader = self._lease, None, None
        if key is not None:
            await self.context.leases.release(key)

    async def _joined(self) -> HttpReader:
        files = TlsFiles(self.options.ca_file, self.options.client_cert, self.options.client_key)
        key, lease = http_lease(self.context.leases, files)
        self._lease = key
        try:
            async with lease.hold() as reader:
                self._reader = reader
        except BaseException:
            await self.close()
            raise
        return reader

    def _answered(self, response: Response) -> HealthReading:
        clock = self.context.clock
        headers = dict(reversed(response.headers))
        parsed = parse(response.body, headers)
        outcome = judge(response.status, parsed, self.options.expect_status)
        life = self._lives.see(parsed.told, clock.wall())
        doubts = (*flaws(response, parsed), self._dates.see(response, clock.boottime()), life.flaw)
        word = word_of(response.status, parsed, outcome)
        # an error page tells no version; the next good answer is compared with the last that did
        if parsed.told.version or outcome is Outcome.PASS:
            self._version = parsed.told.version
        return replace(
            self._log.reading(outcome, word, self._reasons(response, parsed, outcome)),
            parts=parsed.parts,
            version=self._version,
            started=life.started,
            format=parsed.format,
            flaws=tuple(doubt for doubt in doubts if doubt),
            latency=exact(response.elapsed, Unit.SECONDS),
            status=exact(response.status),
            restarts=life.restarts,
            uptime=life.uptime,
            tls_expires=expiry(response.cert_not_after, clock.wall()),
        )

    def _reasons(self, response: Response, parsed: ParsedHealth, outcome: Outcome) -> list[str]:
        reasons: list[str] = [slowness(response.elapsed, self.options.slow)]
        bad = [f"{part.name}: {part.word}" for part in parsed.parts if part.bad]
        if bad and outcome is not Outcome.PASS:
            reasons.append(", ".join(bad[:3]) + (f" and {len(bad) - 3} more" if len(bad) > 3 else ""))
        reasons.append(parsed.note)
        if response.status in _OUR_RIGHTS and outcome is Outcome.UNKNOWN:
            reasons.append("an answer to us rather than about the service: see `headers`")
        if response.remembered:
            reasons.append("the name server is silent: the last known address was used")
        return reasons


def judge(status: int, parsed: ParsedHealth, expected: frozenset[int]) -> Outcome:
    """The outcome of one answer: the worse of what its code and its body say."""
    if parsed.outcome is Outcome.DRAINING:
        return Outcome.DRAINING
    if status in expected:
        return Outcome.PASS if parsed.outcome is Outcome.SILENT else parsed.outcome
    if 300 <= status < 400 or status in _OUR_RIGHTS:
        return Outcome.UNKNOWN
    return Outcome.FAIL


def word_of(status: int, parsed: ParsedHealth, outcome: Outcome) -> Shown:
    """The source's own word, with the code where that is what speaks."""
    if not parsed.word or parsed.outcome is Outcome.SILENT:
        return Shown(str(status))
    if outcome is Outcome.PASS or 200 <= status < 300:
        return parsed.word
    return Shown(f"{status} {parsed.word}")


def _subject(options: HttpHealthOptions, context: Context) -> Subject:
    parts = urlsplit(options.url.reveal())
    path = parts.path or "/"
    host = unquote(parts.netloc.rpartition("@")[2])
    return context.subject(Practice.HEALTH, path.encode(), label=context.collector, owner=host)


COLLECTOR = HttpHealth
