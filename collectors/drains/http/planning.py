"""The plan of a drain: its phases as they will be gone through, and what speaks against them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from collectors.action import ActionSpec, Plan, Request
from collectors.drains._telling import ALONE, LONGEST, READY, span_argument
from collectors.drains.http.switching import looking
from collectors.drains.process.named import Running, cut_warnings, named, names_a_process
from collectors.errors import SourceError, UnreachableError
from collectors.hands import http_server
from collectors.model.drains import DrainReading
from collectors.model.quantity import Known
from collectors.text import one_line

if TYPE_CHECKING:
    from collectors.drains.http import HttpDrain

_MOST_SETTLE = 600.0


async def planned(spec: ActionSpec, collector: "HttpDrain", request: Request) -> Plan:
    """The plan for one instance; raises SourceError where it does not answer."""
    options, context = collector.options, collector.context
    refusals: list[str] = []
    stop = request.argument("stop", "no") == "yes"
    detail: dict[str, Any] = {
        "deadline": span_argument(request, "deadline", "10m", LONGEST, refusals.append),
        "settle": span_argument(request, "settle", "5s", _MOST_SETTLE, refusals.append),
        "quiet": _rate(request, refusals),
    }
    async with looking(collector) as look:
        reading = await look()
    if reading is None:
        raise UnreachableError("it does not answer", "there is nothing to drain, or no way to it")
    running = None
    if stop and names_a_process(options):
        running = await _running(collector, refusals)
    elif stop:
        refusals.append("its process is not known: set pid_file, unit or port, or drain without stop")
    if options.drain_url is None and not stop:
        refusals.append("it has no readiness switch that is known: set drain_url, or say stop=yes")
    if running is not None:
        detail |= {"process": list(running.identity), "grace": running.grace, "cut": running.cut}
    name = context.instance or context.collector
    switch = options.drain_url is not None
    return Plan(
        spec=spec,
        request=request,
        target=one_line(name, 120),
        service=context.service,
        server=http_server(options.url),
        sample=tuple(one_line(line, 200) for line in _phases(collector, reading, running, detail)),
        warnings=tuple(one_line(line, 300) for line in _warnings(reading, running, switch=switch, stop=stop)),
        refusals=tuple(one_line(line, 300) for line in refusals),
        undo="readiness on again, until it is told to stop" if switch else "",
        detail=detail,
        owed=(READY, f"the readiness of {one_line(name, 80)} is off") if switch else None,
    )


async def _running(collector: "HttpDrain", refusals: list[str]) -> Running | None:
    async with named(collector.options, collector.context) as one:
        try:
            return await one.found()
        except SourceError as error:
            refusals.append(f"its process is not found: {error.why}: {error.hint}")
            return None


def _rate(request: Request, refusals: list[str]) -> float:
    text = request.argument("quiet", "0")
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < 1e6:
        refusals.append(f"quiet = {text!r}: must be requests a second, such as 0.5")
        return 0.0
    return found


def _phases(
    collector: "HttpDrain", reading: DrainReading, running: Running | None, detail: dict[str, Any]
) -> Iterator[str]:
    options = collector.options
    if options.drain_url is not None:
        yield f"readiness off: {options.drain_method} {options.drain_url.shown}"
        counter = reading.traffic.known is not Known.UNKNOWN
        settle = f"{detail['settle']:g} s"
        yield (
            f"until no request has come for {settle}"
            if counter
            else f"wait {settle}: it has no counter of requests that is known"
        )
    if running is None:
        return
    how = f"systemctl stop {options.unit}" if options.unit else "SIGTERM, once"
    serving = f", {running.serving.brief}" if running.serving else ""
    yield f"{how}: {running.label}{serving}"
    streams = f", streams apart: {reading.streams.value:g}" if reading.streams.value else ""
    now = "not known" if reading.in_flight.value is None else f"{reading.in_flight.value:g} now"
    yield f"watch what is in flight ({now}{streams})"
    kill = "" if running.grace is None else f"; SIGKILL by its supervisor {running.grace:g} s after TERM"
    yield f"until it has exited{kill}"


def _warnings(reading: DrainReading, running: Running | None, *, switch: bool, stop: bool) -> Iterator[str]:
    if reading.ready is False:
        yield f"it is not ready already: {reading.state}"
    if stop and not switch:
        yield "it has no readiness switch: what its balancer still sends after TERM is lost"
    if stop:
        yield "once it is told to stop, nothing is taken back"
    if running is not None:
        yield from cut_warnings(running)
    if running is not None and running.grace is None:
        yield "when its supervisor sends SIGKILL is not known: set grace"
    if reading.streams.value:
        yield f"{reading.streams.value:g} long-lived streams are not waited for: they end with it"
    yield ALONE
