"""drains.http: a service's own readiness and its in-flight gauge, read by GET."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal
from urllib.parse import unquote, urlsplit, urlunsplit

from collectors.action import Action
from collectors.base import Collector, Context
from collectors.drains._since import Since
from collectors.drains.http.counting import Counts
from collectors.drains.http.drain import Drain
from collectors.drains.http.load import NOTHING, Load, Names, json_load, load_of, path_of
from collectors.drains.http.ready import Ready
from collectors.drains.process.named import check_naming
from collectors.drains.process.place import check_path
from collectors.errors import OptionsError, SourceError, UnreachableError
from collectors.health._formats.read import parse
from collectors.health._lives import Lives
from collectors.health._options import HEALTHY_STATUS, Statuses
from collectors.health._parsed import Outcome, ParsedHealth
from collectors.health._probe import deadline
from collectors.health.http import judge
from collectors.model.drains import DrainReading, Phase
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity, Unit, exact_or_unknown
from collectors.model.subject import Subject
from collectors.model.sweep import Cost, Sweep
from collectors.options import Duration, OptionalUrl, SecretText, Url
from collectors.secret import Secret, SecretUrl
from collectors.text import Shown, one_line
from collectors.transport.endpoint import Dial
from collectors.transport.lease import LeaseKey
from collectors.transport.read.http import HttpReader, Response, Target, http_lease
from collectors.transport.tls import TlsFiles

_ACCEPT = Secret("text/plain;version=0.0.4, application/json;q=0.8, */*;q=0.1")
_LEAST = 0.2
"""Part of the time-out that is kept for the gauge, however long the readiness took."""

_GONE = ("refused", "reset", "closed without an answer", "no such name", "no such socket")
"""What is said of an instance that is away, and not of the way to it."""

_PHASES = {
    Outcome.PASS: Phase.SERVING,
    Outcome.WARN: Phase.SERVING,
    Outcome.FAIL: Phase.NOT_READY,
    Outcome.DRAINING: Phase.DRAINING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpDrainOptions:
    """One instance of a service that is drained by its readiness.

    ``url``: its base or its readiness URL: http, https, http+unix or https+unix. ``ready_path``: the path
    of the readiness instead of the URL's own. ``expect_status``: codes that mean ready ("200-299, 429").
    ``gauge_path``: where it tells its load, as Prometheus text, JSON or nginx's stub_status; empty where
    the readiness answer itself does. ``in_flight``, ``streams``, ``requests``: names of the gauge of
    requests under way, of long-lived ones, and of the counter of requests, where the usual ones are not
    theirs (in JSON the key, "stats.open"). ``counts_us``: whether that gauge and that counter count our own
    looks; found out where the labels or a 0 tell it. ``headers``: sent with each look, values are secrets.
    ``ca_file``: PEM file of an authority of your own. ``client_cert``, ``client_key``: PEM files for a
    server that asks for them (empty key: in the same file).
    ``drain_url``: its switch, to which ``drain_method`` takes the readiness off and ``ready_method`` puts it
    on; empty where it has none. ``pid_file``, ``unit``, ``port``: its process, here or on ``server``, as
    drains.process names it, by at most one of them. ``grace``: how long after SIGTERM its supervisor
    sends SIGKILL; systemd tells it itself. ``sudo``: its sockets are listed by ``sudo -n ss``.
    """

    url: Url
    ready_path: str = ""
    expect_status: Statuses = HEALTHY_STATUS
    gauge_path: str = "/metrics"
    in_flight: str = ""
    streams: str = ""
    requests: str = ""
    counts_us: bool | None = None
    headers: Mapping[str, SecretText] = field(default_factory=dict)
    ca_file: str = ""
    client_cert: str = ""
    client_key: str = ""
    drain_url: OptionalUrl = None
    drain_method: Literal["POST", "PUT", "PATCH", "DELETE", "GET"] = "POST"
    ready_method: Literal["POST", "PUT", "PATCH", "DELETE", "GET"] = "DELETE"
    pid_file: str = ""
    unit: str = ""
    port: int = 0
    grace: Duration | None = None
    sudo: bool = False

    def __post_init__(self) -> None:
        """Refuse a path that would be a name on the same server by accident, and two names of a process."""
        check_naming(self, least=0)
        for name in ("ready_path", "gauge_path"):
            path = getattr(self, name)
            if path and not path.startswith("/"):
                raise ValueError(f'{name}: must begin with a slash, as in "/metrics"')


class HttpDrain(Collector[HttpDrainOptions]):
    """Reads one instance's readiness, its requests under way, and what still reaches it.

    A refusal from an instance that has answered before is a reading: it stops taking connections when it
    ends, and may still finish what it has.
    """

    practice: ClassVar[Practice] = Practice.DRAINS
    Options: ClassVar[type[HttpDrainOptions]] = HttpDrainOptions
    actions: ClassVar[tuple[type[Action[Any, Any]], ...]] = (Drain, Ready)

    def __init__(self, options: HttpDrainOptions, context: Context) -> None:
        super().__init__(options, context)
        check_path(options.pid_file, context)
        self._ready = Target.of(at_path(options.url, options.ready_path), options.headers)
        self._gauge: Target | None = None
        own = {path_of(self._ready.path.reveal())}
        if options.gauge_path:
            headers = {"accept": _ACCEPT, **{name.lower(): value for name, value in options.headers.items()}}
            self._gauge = Target.of(at_path(options.url, options.gauge_path), headers)
            own.add(path_of(options.gauge_path))
        self._names = Names(
            in_flight=(options.in_flight,) if options.in_flight else (),
            streams=(options.streams,) if options.streams else (),
            requests=(options.requests,) if options.requests else (),
            own=frozenset(own),
        )
        self._subject = _subject(options, context)
        self._since = Since()
        self._lives = Lives()
        self.counts = Counts(counts_us=options.counts_us)
        self._lease: LeaseKey | None = None
        self._reader: HttpReader | None = None

    async def open(self) -> None:
        """Join the loop's reader."""
        if self._reader is None:
            await self._joined()

    async def collect(self) -> Sweep:
        """One look at the readiness and, where there is one, at the gauge."""
        reader = self._reader or await self._joined()
        clock = self.context.clock
        within = deadline(self.context.timeout)
        began = clock.boottime()
        dial = await self.context.dialer.dial(self.context.endpoint(self.options.url))
        try:
            most = within * (1 - _LEAST) if self._gauge else within
            answer = await reader.read(self._ready, dial, timeout=most)
        except UnreachableError as error:
            if self._since.phase is None or error.why not in _GONE:
                raise
            return self.sweep([self._gone(error)], cost=Cost(requests=1))
        answers = [answer]
        load, note = NOTHING, ""
        if self._gauge is not None:
            self.counts.traffic.looked()
            page, note = await self._page(reader, dial, within - (clock.boottime() - began))
            if page is not None:
                answers.append(page)
                load, note = self._load(page)
        sent = sum(len(one.body) + sum(len(n) + len(v) + 4 for n, v in one.headers) for one in answers)
        reading = self._reading(answer, load, note)
        return self.sweep([reading], cost=Cost(requests=2 if self._gauge else 1, bytes=sent))

    async def close(self) -> None:
        """Leave the reader to the others."""
        key, self._lease, self._reader = self._lease, None, None
        if key is not None:
            await self.context.leases.release(key)

    def twin(self) -> "HttpDrain":
        """Another that looks for itself, and knows what this one has found out about our own looks."""
        own = type(self)(self.options, self.context)
        own.counts = self.counts.learned()
        return own

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

    async def _page(self, reader: HttpReader, dial: Dial, within: float) -> tuple[Response | None, str]:
        """The gauge's page, or why there is none; the readiness counts without it."""
        assert self._gauge is not None  # noqa: S101 - the caller looked
        path = self.options.gauge_path
        try:
            page = await reader.read(self._gauge, dial, timeout=max(within, 0.05))
        except SourceError as error:
            return None, f"{path}: {error.why}"
        if page.status != 200:
            return None, f"{path} answers {page.status}: set `gauge_path`, or leave it empty"
        return page, ""

    def _load(self, page: Response) -> tuple[Load, str]:
        path = self.options.gauge_path
        try:
            load = load_of(page.body, self._names, cut=page.truncated)
        except ValueError as error:
            return NOTHING, f"{path} cannot be understood: {error}"
        if not load.tells:
            return load, f"{path} has no gauge of requests under way that is known: name it by `in_flight`"
        return load, f"{path} is longer than is read" if page.truncated else ""

    def _reading(self, answer: Response, load: Load, note: str) -> DrainReading:
        clock = self.context.clock
        parsed = parse(answer.body, dict(reversed(answer.headers)))
        outcome = judge(answer.status, parsed, self.options.expect_status)
        inside = self._inside(answer)
        load = load if load.tells or not inside.tells else inside
        draining = inside.draining or load.draining
        phase = Phase.DRAINING if draining else _PHASES.get(outcome, Phase.UNKNOWN)
        now = clock.boottime()
        in_flight = self.counts.in_flight.see(load.in_flight)
        traffic = self.counts.traffic.see(load.requests, now, load.started)
        self.counts.traffic.looked()
        notes = [_doubt(answer.status, phase), note, parsed.note]
        if self.counts.in_flight.doubtful:
            notes.append("our own look may be among those in flight: say so by `counts_us`")
        return DrainReading(
            subject=self._subject,
            word=word_of(answer.status, parsed, phase),
            note=one_line("; ".join(one for one in notes if one), 240),
            parts=parsed.parts,
            phase=phase,
            ready=None if phase is Phase.UNKNOWN else phase is Phase.SERVING,
            in_flight=in_flight,
            streams=exact_or_unknown(load.streams.value if load.streams else None),
            sessions=self.counts.sessions.see(load.sessions),
            queued=exact_or_unknown(load.queued.value if load.queued else None),
            traffic=traffic,
            elapsed=self._since.see(phase, now),
            uptime=self._uptime(parsed, load),
        )

    def _inside(self, answer: Response) -> Load:
        """The load that the readiness answer itself tells, if it is JSON that does."""
        try:
            return json_load(answer.body, self._names)
        except ValueError:
            return NOTHING

    def _uptime(self, parsed: ParsedHealth, load: Load) -> Quantity:
        wall = self.context.clock.wall()
        told = self._lives.see(parsed.told, wall).uptime
        if told.is_known or load.started is None or load.started > wall + 60:
            return told
        return exact_or_unknown(max(0.0, wall - load.started), Unit.SECONDS)

    def _gone(self, error: SourceError) -> DrainReading:
        self.counts.traffic.forget()
        return DrainReading(
            subject=self._subject,
            word=error.why,
            note=one_line("it takes no connection: it has exited, or finishes what it has", 240),
            phase=Phase.GONE,
            ready=False,
            exit=Shown("unknown"),
            elapsed=self._since.see(Phase.GONE, self.context.clock.boottime()),
        )


def _doubt(status: int, phase: Phase) -> str:
    if phase is not Phase.UNKNOWN:
        return ""
    if 300 <= status < 400:
        return "it sends us elsewhere: give the url that answers"
    return "an answer to us rather than about the service: see `headers`"


def word_of(status: int, parsed: ParsedHealth, phase: Phase) -> Shown:
    """The source's own word; where only its code speaks, what that means, with the code if it is not well."""
    silent = not parsed.word or parsed.outcome is Outcome.SILENT
    elsewhere = phase is Phase.DRAINING and parsed.outcome is not Outcome.DRAINING
    word = Shown(phase) if silent or elsewhere else parsed.word
    return word if 200 <= status < 300 else one_line(f"{status} {word}", 60)


def at_path(url: SecretUrl, path: str) -> SecretUrl:
    """The URL with another path and no query; itself where ``path`` is empty. Raises OptionsError."""
    if not path:
        return url
    try:
        parts = urlsplit(url.reveal())
    except ValueError:
        raise OptionsError(f"{url.shown}: its host cannot be read", "write it as http://host:port") from None
    own = urlsplit(path)
    return SecretUrl(urlunsplit((parts.scheme, parts.netloc, own.path, own.query, "")))


def _subject(options: HttpDrainOptions, context: Context) -> Subject:
    parts = urlsplit(options.url.reveal())
    host = unquote(parts.netloc.rpartition("@")[2])
    path = options.ready_path or parts.path or "/"
    return context.subject(Practice.DRAINS, path.encode(), label=context.collector, owner=host)


COLLECTOR = HttpDrain
