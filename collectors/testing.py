"""The contract that every collector keeps, as checks for its author's tests; needs no test runner.

``await check_collector(MyCollector, {"url": url}, type_name="health.mine", unreachable={"url": dead})``
runs all of it in a running event loop; each part may be called by itself. A check that fails raises
AssertionError with one sentence. With ``blockbuster`` installed, calls that block the loop fail too.
"""

import asyncio
import contextlib
import dataclasses
import inspect
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

from pydantic import TypeAdapter, ValidationError

from collectors.base import API, MOST_SUBJECTS, Collector, Context, HasDetails
from collectors.errors import SourceError
from collectors.model.detail import Detail, DetailSpec
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity
from collectors.model.reading import Reading
from collectors.model.subject import SubjectId
from collectors.model.sweep import Sweep
from collectors.secret import Secret, SecretUrl
from collectors.text import Shown

_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]*")
SLACK = 3.0
"""A deadline is missed when it is passed threefold: test machines are busy."""


class ContractError(AssertionError):
    """A collector that breaks the contract, and how."""


async def check_collector(
    cls: type[Collector[Any]],
    options: object,
    *,
    type_name: str = "",
    context: Context | None = None,
    unreachable: object | None = None,
    secrets: Iterable[str] = (),
    live: bool = True,
) -> tuple[Sweep, ...]:
    """Every check, in order; gives the two Sweeps of the living source (none where not ``live``).

    ``options`` and ``unreachable`` (a source that is not there) are TOML tables or ``Options`` objects;
    ``secrets`` are texts that may be printed nowhere, beside those that the options hold.
    """
    check_class(cls)
    context = context or Context(collector="contract", timeout=cls.default_timeout)
    prefix = (type_name or _type_name(cls)).rpartition(".")[2]
    sweeps: tuple[Sweep, ...] = ()
    if live:
        with no_blocking():
            sweeps = await check_live(cls, options, context, prefix=prefix, secrets=secrets)
            await check_cancelled(cls, options, context)
    if unreachable is not None:
        with no_blocking():
            await check_unreachable(cls, unreachable, context, secrets=secrets)
    return sweeps


def check_class(cls: type[Any]) -> None:
    """What can be seen without a source: version, practice, options, coroutines, details."""
    if not issubclass(cls, Collector):
        _broken(f"{cls.__name__} is not a Collector")
    if cls.api != API:
        _broken(f"it is written for interface {cls.api}, this is {API}")
    if not isinstance(getattr(cls, "practice", None), Practice):
        _broken("`practice` is not a Practice")
    if not (cls.__doc__ or "").strip():
        _broken("it has no docstring: `quarterdeck collectors` shows its first line")
    if cls.default_every < 1 or cls.default_timeout <= 0:
        _broken("default_every must be at least 1 s and default_timeout above 0")
    for name in ("open", "collect", "close", *(("detail",) if _specs(cls) else ())):
        if not inspect.iscoroutinefunction(getattr(cls, name, None)):
            _broken(f"`{name}` is not `async def`")
    names = [spec.name for spec in _specs(cls)]
    if len(set(names)) != len(names):
        _broken("two details have one name")
    check_options_class(cls)


def check_options_class(cls: type[Collector[Any]]) -> None:
    """``Options``: a frozen, slotted, keyword-only dataclass whose fields are typed and documented."""
    options = getattr(cls, "Options", None)
    if not (isinstance(options, type) and dataclasses.is_dataclass(options)):
        _broken("`Options` is not a dataclass")
    parameters = getattr(options, "__dataclass_params__")  # noqa: B009 - typeshed does not know it
    if not (parameters.frozen and "__slots__" in vars(options)):
        _broken("`Options` must be @dataclass(frozen=True, slots=True, kw_only=True)")
    doc = "".join(inspect.getdoc(base) or "" for base in options.__mro__ if dataclasses.is_dataclass(base))
    for field in dataclasses.fields(options):
        if not field.kw_only:
            _broken(f"`Options.{field.name}` is not keyword-only")
        if not _FIELD_NAME.fullmatch(field.name) or field.name in COMMON_KEYS:
            _broken(f"`Options.{field.name}`: not snake_case, or a key that the console itself reads")
        if not re.search(rf"\b{field.name}\b", doc):
            _broken(f"`Options.{field.name}` is not explained in the docstring of Options")
    try:
        TypeAdapter(options)
    except Exception as error:  # noqa: BLE001 - pydantic raises many kinds for a type it cannot read
        _broken(f"`Options` cannot be read from TOML: {error}")


COMMON_KEYS = frozenset({
    "type", "service", "instance", "instances", "every", "timeout", "server", "thresholds", "attribute",
    "enabled", "depends_on",
})  # fmt: skip
"""Keys of a collector's table that the console reads itself."""


def options_of(cls: type[Collector[Any]], given: object) -> Any:  # noqa: ANN401 - the adapter's own class
    """The ``Options`` of a TOML table, as the console makes them; ContractError names a wrong key."""
    if not isinstance(given, Mapping):
        return given
    known = {field.name for field in dataclasses.fields(cls.Options)}
    for key in given:
        if key not in known:
            _broken(f"{key!r} is no option; there are {', '.join(sorted(known)) or 'none'}")
    try:
        return TypeAdapter(cls.Options).validate_python(dict(given))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        _broken(f"option {'.'.join(map(str, first['loc']))}: {first['msg']}")


async def check_live(
    cls: type[Collector[Any]], options: object, context: Context, *, prefix: str, secrets: Iterable[str] = ()
) -> tuple[Sweep, ...]:
    """Open, two passes, every detail, close twice; nothing is printed or left behind."""
    made = options_of(cls, options)
    tasks, leases = asyncio.all_tasks(), len(context.leases)
    collector = cls(made, context)
    try:
        async with asyncio.timeout(context.timeout * SLACK * (4 + len(_specs(cls)))):
            await collector.open()
            sweeps = (await collector.collect(), await collector.collect())
            for sweep in sweeps:
                check_sweep(collector, sweep, prefix=prefix)
            if not sweeps[0].readings:
                _broken("a living source gave no reading")
            await check_details(collector, sweeps[-1])
            check_secrets(secrets, made, collector, context, *sweeps)
    finally:
        await _closed(collector, context)
    if len(context.leases) > leases:
        _broken("`close` keeps a lease: release what was got")
    await _check_tasks(tasks)
    return sweeps


async def check_cancelled(cls: type[Collector[Any]], options: object, context: Context) -> None:
    """A pass that is cancelled in the middle leaves a collector that works; close needs no open."""
    collector = cls(options_of(cls, options), context)
    await _closed(collector, context)
    collector = cls(options_of(cls, options), context)
    try:
        for turns in (0, 1, 3, 9):
            await collector.open()
            task = asyncio.ensure_future(collector.collect())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            done, late = await asyncio.wait({task}, timeout=context.timeout * SLACK)
            if late:
                _broken("`collect` does not end when it is cancelled")
            if not (task.cancelled() or task.exception() is None):
                _broken(f"a cancelled `collect` raised {task.exception()!r}")
            del done
        async with asyncio.timeout(context.timeout * SLACK):
            await collector.collect()
    except TimeoutError:
        _broken("after a cancelled pass the next one hangs")
    finally:
        await _closed(collector, context)


async def check_unreachable(
    cls: type[Collector[Any]], options: object, context: Context, *, secrets: Iterable[str] = ()
) -> SourceError | None:
    """A source that is not there: SourceError with a reason (or a health reading) within the deadline.

    Gives the error, None where a reading came instead.
    """
    made = options_of(cls, options)
    collector = cls(made, context)
    failure: SourceError | None = None
    try:
        async with asyncio.timeout(context.timeout * SLACK):
            await collector.open()
            sweep = await collector.collect()
        check_sweep(collector, sweep, prefix="")
        if cls.practice is not Practice.HEALTH or not sweep.readings:
            _broken("a source that is not there gave a Sweep instead of SourceError")
    except SourceError as error:
        failure = error
    except TimeoutError:
        _broken(f"a source that is not there was waited for beyond {context.timeout:g} s")
    except ContractError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever else comes out is the finding
        _broken(f"a source that is not there raised {type(error).__name__} instead of SourceError: {error}")
    finally:
        await _closed(collector, context)
    if failure is not None and not failure.why:
        _broken(f"{type(failure).__name__} gives no reason")
    check_secrets(secrets, made, collector, *([failure] if failure else []))
    return failure


def check_sweep(collector: Collector[Any], sweep: Sweep, *, prefix: str) -> None:
    """One Sweep: unique subjects of this collector, readings of its practice, stamped now.

    ``prefix`` is the last word of the type; empty: extra fields are not looked at.
    """
    _check_type(sweep, Sweep, "what `collect` gave")
    if len(sweep.readings) > MOST_SUBJECTS:
        _broken(f"{len(sweep.readings)} readings: use self.sweep, which counts those over {MOST_SUBJECTS}")
    ids = [reading.subject.id for reading in sweep.readings]
    twice = {one.key for one in ids if ids.count(one) > 1}
    if twice:
        _broken(f"two readings have one subject: {min(twice)!r}")
    clock = collector.context.clock
    if abs(sweep.taken - clock.wall()) > 60 or abs(sweep.arrived - clock.boottime()) > 60:
        _broken("`taken` and `arrived` are not the clock's: use self.sweep")
    if min(sweep.cost.requests, sweep.cost.bytes, sweep.cost.seconds, sweep.beyond) < 0:
        _broken("a cost below zero")
    _check_shown(sweep.note, "the note of the Sweep")
    for reading in sweep.readings:
        _check_reading(collector, reading, prefix)


def _check_reading(collector: Collector[Any], reading: Reading, prefix: str) -> None:
    subject = reading.subject
    if reading.practice is not collector.practice or subject.practice is not collector.practice:
        _broken(f"a reading of {reading.practice} from a collector of {collector.practice}")
    if (subject.collector, subject.instance) != (collector.context.collector, collector.context.instance):
        _broken("a subject of another collector: make it by self.context.subject")
    _check_type(subject.id.key, bytes, f"the key of {subject.label}")
    _check_shown(subject.label, "a label")
    for name in ("word", "note"):
        _check_shown(getattr(reading, name), f"`{name}` of {subject.label}")
    for part in reading.parts:
        _check_shown(part.name, f"a part's name of {subject.label}")
        _check_shown(part.word, f"a part's word of {subject.label}")
    _check_quantities(reading, prefix)


def _check_quantities(reading: Reading, prefix: str) -> None:
    label = reading.subject.label
    specs = {spec.name: spec for spec in reading.specs()}
    for name, value in reading.quantities().items():
        _check_type(value, Quantity, f"{name} of {label}")
        if name in specs and value.unit is not specs[name].unit:
            _broken(f"{name} of {label} is in {value.unit}, not in {specs[name].unit}")
    extra = [name for name, _ in reading.extra]
    for name in extra if prefix else ():
        if not re.fullmatch(rf"{re.escape(prefix)}\.[a-z][a-z0-9_]*", name):
            _broken(f"extra field {name!r} is not named {prefix}.something")
    if len(set(extra)) != len(extra):
        _broken(f"an extra field of {label} comes twice")


async def check_details(collector: Collector[Any], sweep: Sweep) -> None:
    """Every declared detail of a subject; of one that is gone, a SourceError or an empty table."""
    if not isinstance(collector, HasDetails):
        return
    subject = sweep.readings[0].subject.id
    for spec in collector.details:
        check_detail(await collector.detail(subject, spec.name), spec)
        gone = SubjectId(subject.practice, subject.collector, subject.instance, b"\xffno such subject")
        try:
            check_detail(await collector.detail(gone, spec.name), spec)
        except SourceError:
            continue


def check_detail(detail: Detail, spec: DetailSpec) -> None:
    """One Detail: the asked one, rows as wide as its columns, cells of Shown or Quantity."""
    _check_type(detail, Detail, f"detail {spec.name!r}")
    if detail.spec != spec:
        _broken(f"asked for detail {spec.name!r}, {detail.spec.name!r} came")
    for row in detail.rows:
        if len(row) != len(detail.columns):
            _broken(f"detail {spec.name!r}: a row of {len(row)} under {len(detail.columns)} columns")
        for cell in row:
            if not isinstance(cell, (Shown, Quantity)):
                _broken(f"detail {spec.name!r}: a cell is {type(cell).__name__}, neither Shown nor Quantity")
    if detail.indent and len(detail.indent) != len(detail.rows):
        _broken(f"detail {spec.name!r}: indents for {len(detail.indent)} of {len(detail.rows)} rows")
    _check_shown(detail.note, f"the note of detail {spec.name!r}")


def check_secrets(secrets: Iterable[str], options: object, *printed: object) -> None:
    """No secret, given or held by ``options``, in what ``options`` and ``printed`` show of themselves."""
    hidden = [secret for secret in (*secrets, *_held(options)) if len(secret) >= 3]
    for thing in (options, *printed):
        texts = [repr(thing), str(thing)]
        if isinstance(thing, BaseException):
            texts += [*map(str, thing.args), "".join(traceback.format_exception(thing))]
        if isinstance(thing, SourceError):
            texts += [thing.why, thing.hint]
        for secret in hidden:
            if any(secret in text for text in texts):
                _broken(f"{type(thing).__name__} prints a secret of {len(secret)} characters")


@contextlib.contextmanager
def no_blocking() -> Iterator[None]:
    """Turn calls that block the event loop into errors, where ``blockbuster`` is installed."""
    try:
        from blockbuster import blockbuster_ctx  # noqa: PLC0415 - only tests have it
    except ImportError:
        yield
        return
    with blockbuster_ctx() as watch:
        for function in watch.functions.values():
            # asyncpg looks for its small files at each login, and offers no other way
            function.can_block_in("asyncpg/connect_utils.py", "_parse_connect_dsn_and_args")
            # a child is ours at once only where its start is waited for, as asyncio's own does
            function.can_block_in("collectors/transport/spawn.py", "_forked")
        yield


def _held(options: object) -> Iterator[str]:
    """The secrets inside an options object: passwords of URLs and revealed Secrets, however deep."""
    if isinstance(options, SecretUrl):
        password = urlsplit(options.reveal()).netloc.rpartition("@")[0].partition(":")[2]
        yield from {password, unquote(password)}
    elif isinstance(options, Secret):
        yield options.reveal()
    elif isinstance(options, Mapping):
        for value in options.values():
            yield from _held(value)
    elif isinstance(options, (tuple, list, set, frozenset)):
        for value in options:
            yield from _held(value)
    elif dataclasses.is_dataclass(options):
        for field in dataclasses.fields(options):
            yield from _held(getattr(options, field.name))


async def _closed(collector: Collector[Any], context: Context) -> None:
    for _ in range(2):
        try:
            async with asyncio.timeout(context.timeout * SLACK):
                await collector.close()
        except Exception as error:  # noqa: BLE001 - close never raises, whatever it is
            _broken(f"`close` raised {type(error).__name__}: {error}")


async def _check_tasks(before: set[asyncio.Task[Any]]) -> None:
    for _ in range(20):
        await asyncio.sleep(0)
    left = [task.get_name() for task in asyncio.all_tasks() - before if not task.done()]
    if left:
        _broken(f"`close` leaves tasks running: {', '.join(left)}")


def _check_shown(text: object, what: str) -> None:
    _check_type(text, Shown, what, "pass it through collectors.text")


def _check_type(value: object, wanted: type[Any], what: str, remedy: str = "") -> None:
    if not isinstance(value, wanted):
        _broken(f"{what} is {type(value).__name__}, not {wanted.__name__}{remedy and f': {remedy}'}")


def _specs(cls: type[Any]) -> tuple[DetailSpec, ...]:
    return tuple(getattr(cls, "details", ()))


def _type_name(cls: type[Any]) -> str:
    """``caches.redis`` of ``collectors.caches.redis.…``; the module's last word elsewhere."""
    words = cls.__module__.split(".")
    return ".".join(words[1:3]) if words[0] == "collectors" else words[-1]


def _broken(how: str) -> NoReturn:
    raise ContractError(how)
