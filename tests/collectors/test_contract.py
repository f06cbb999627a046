"""Every collector of ours keeps the contract on a real source; and the contract notices who does not."""

import asyncio
import http.server
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
import redis

from collectors import registry
from collectors.base import MOST_SUBJECTS, Collector, Context
from collectors.errors import AccessError, SourceError, UnreachableError
from collectors.model.detail import Detail, DetailSpec
from collectors.model.health import HealthReading
from collectors.model.practice import Practice
from collectors.model.quantity import Unit, exact
from collectors.model.queues import QueueReading
from collectors.model.reading import Part, Reading
from collectors.model.subject import SubjectId
from collectors.model.sweep import Cost, Sweep
from collectors.options import Duration, SecretText, Url
from collectors.testing import (
    ContractError,
    check_class,
    check_collector,
    check_secrets,
    options_of,
)
from collectors.text import Shown
from collectors.transport.lease import LeaseKey
from tests.servers.haproxy import Haproxy, haproxy
from tests.servers.journald import Journald, need
from tests.servers.outside import Cluster, Daemon

Sources = tuple[Mapping[str, object], Mapping[str, object] | None]
NOBODY = "127.0.0.1:1"
"""A port that nobody listens on."""


# ours, on real sources


class _Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"status":"UP"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Ready)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def redis_url(valkey_db: str) -> str:
    with redis.Redis.from_url(valkey_db) as client:
        client.rpush("jobs", "a", "b")
        client.sadd("rq:queues", "rq:queue:mail")
        client.xadd("events", {"kind": "order"})
        client.xgroup_create("events", "billing", "0")
    return valkey_db


@pytest.fixture
def balancer(free_port: Callable[[], int]) -> Iterator[Haproxy]:
    with haproxy("backend shop\n    server web-1 127.0.0.1:1\n", free_port()) as server:
        yield server


@pytest.fixture
def journald() -> Iterator[Journald]:
    need()
    with Journald() as server:
        yield server


DEAD_REDIS = f"redis://ops:s3cretword@{NOBODY}/0"


def of_health_http(ask: pytest.FixtureRequest) -> Sources:
    url = f"http://{ask.getfixturevalue('web')}/readyz"
    headers = {"Authorization": "Bearer s3cretword"}
    return {"url": url, "headers": headers}, {"url": f"http://u:s3cretword@{NOBODY}/", "headers": headers}


def of_health_tcp(ask: pytest.FixtureRequest) -> Sources:
    return {"url": f"tcp://{ask.getfixturevalue('web')}"}, {"url": f"tcp://{NOBODY}"}


def of_health_host(_ask: pytest.FixtureRequest) -> Sources:
    return {"paths": ["/"]}, None  # without a server it is this machine, which is there


def of_queues_rq(ask: pytest.FixtureRequest) -> Sources:
    return {"url": ask.getfixturevalue("redis_url")}, {"url": DEAD_REDIS}


def of_queues_redis(ask: pytest.FixtureRequest) -> Sources:
    return {"url": ask.getfixturevalue("redis_url"), "keys": ["jobs"]}, {"url": DEAD_REDIS, "keys": ["jobs"]}


def of_queues_streams(ask: pytest.FixtureRequest) -> Sources:
    return {"url": ask.getfixturevalue("redis_url"), "keys": ["ev*"]}, {"url": DEAD_REDIS, "keys": ["ev*"]}


def of_caches_redis(ask: pytest.FixtureRequest) -> Sources:
    return {"url": ask.getfixturevalue("redis_url")}, {"url": DEAD_REDIS}


def of_pools_postgres(ask: pytest.FixtureRequest) -> Sources:
    return {"url": ask.getfixturevalue("postgres_db")}, {"url": f"postgresql://u:s3cretword@{NOBODY}/db"}


def of_logs_file(ask: pytest.FixtureRequest) -> Sources:
    path: Path = ask.getfixturevalue("tmp_path") / "app.log"
    path.write_text('{"level":"info","message":"started"}\n')
    return {"path": str(path)}, None  # a file that is not there yet is waited for


def of_logs_journald(ask: pytest.FixtureRequest) -> Sources:
    journald: Journald = ask.getfixturevalue("journald")
    journald.lines(range(2))
    return {"namespace": journald.namespace}, {"directory": "/no/such/folder"}


def of_logs_command(_ask: pytest.FixtureRequest) -> Sources:
    argv = [sys.executable, "-c", "import time; print('started', flush=True); time.sleep(60)"]
    return {"argv": argv}, {"argv": ["/no/such/program"]}


def of_logs_redis(ask: pytest.FixtureRequest) -> Sources:
    return {"url": ask.getfixturevalue("redis_url"), "streams": ["events"]}, {
        "url": DEAD_REDIS,
        "streams": ["events"],
    }


def of_logs_kube(ask: pytest.FixtureRequest) -> Sources:
    cluster = Cluster(ask.getfixturevalue("tmp_path"), ask.getfixturevalue("monkeypatch"))
    cluster.pod("orders-1")
    return {"selector": "app=orders"}, {"target": "deploy/gone"}


def of_logs_docker(ask: pytest.FixtureRequest) -> Sources:
    daemon = Daemon(ask.getfixturevalue("tmp_path"), ask.getfixturevalue("monkeypatch"))
    daemon.container("web")
    return {"container": "web"}, {"container": "gone"}


def of_drains_http(ask: pytest.FixtureRequest) -> Sources:
    headers = {"Authorization": "Bearer s3cretword"}
    living = {"url": f"http://{ask.getfixturevalue('web')}/readyz", "headers": headers}
    return living, {"url": f"http://u:s3cretword@{NOBODY}/", "headers": headers}


def of_drains_process(ask: pytest.FixtureRequest) -> Sources:
    path: Path = ask.getfixturevalue("tmp_path") / "app.pid"
    path.write_text(f"{os.getpid()}\n")
    return {"pid_file": str(path), "grace": "30s"}, {"pid_file": str(path.with_name("gone.pid"))}


def of_drains_haproxy(ask: pytest.FixtureRequest) -> Sources:
    return {"socket": str(ask.getfixturevalue("balancer").user)}, {"socket": NOBODY}


def of_drains_celery(ask: pytest.FixtureRequest) -> Sources:
    url = ask.getfixturevalue("redis_url")
    with redis.Redis.from_url(url) as client:
        client.sadd("_kombu.binding.celery.pidbox", "\x06\x16\x06\x16one@web.celery.pidbox")
    # no heartbeat comes that could be waited for
    ask.getfixturevalue("monkeypatch").setattr("collectors.drains.celery._FIRST", 0.1)
    return {"url": url}, {"url": DEAD_REDIS}


def of_drains_rq(ask: pytest.FixtureRequest) -> Sources:
    url = ask.getfixturevalue("redis_url")
    told = {"birth": "2024-05-01T10:00:00.000000Z", "state": "idle", "queues": "mail"}
    with redis.Redis.from_url(url) as client:
        client.sadd("rq:workers", "rq:worker:one")
        client.hset("rq:worker:one", mapping=told)
    return {"url": url}, {"url": DEAD_REDIS}


SOURCES: dict[str, Callable[[pytest.FixtureRequest], Sources]] = {
    name.removeprefix("of_").replace("_", ".", 1): make
    for name, make in globals().items()
    if name.startswith("of_")
}


def test_every_type_of_ours_has_a_source_here() -> None:
    ours = {name for name, info in registry.types().items() if not info.foreign}
    assert ours == SOURCES.keys(), "write a function of_PRACTICE_TYPE that makes a living and a dead source"


@pytest.mark.parametrize("name", SOURCES)
async def test_ours_keep_the_contract(name: str, request: pytest.FixtureRequest) -> None:
    living, dead = SOURCES[name](request)
    cls = registry.load(name)
    sweeps = await check_collector(cls, living, type_name=name, unreachable=dead, secrets=["s3cretword"])
    assert len(sweeps) == 2
    assert sweeps[0].complete


# what the contract notices


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodOptions:
    """``folder``: where it looks. ``slow``: from when on. ``url`` and ``password``: how it logs in."""

    folder: str = "x"
    slow: Duration = 1.0
    url: Url | None = None
    password: SecretText | None = None


RAW: Any = "raw"
"""Text that did not pass through collectors.text."""

SPEC = DetailSpec("files", "files", "What lies there.")


class Good(Collector[GoodOptions]):
    """Keeps every promise; the others break one each."""

    practice: ClassVar[Practice] = Practice.QUEUES
    Options: ClassVar[type[GoodOptions]] = GoodOptions
    default_timeout: ClassVar[float] = 0.2
    details: ClassVar[tuple[DetailSpec, ...]] = (SPEC,)

    def reading(self, key: bytes = b"q") -> QueueReading:
        subject = self.context.subject(Practice.QUEUES, key)
        return QueueReading(subject=subject, ready=exact(3), extra=(("good.files", exact(1)),))

    async def collect(self) -> Sweep:
        if self.options.folder == "gone":
            raise UnreachableError("no such folder")
        return self.sweep([self.reading()])

    async def detail(self, subject: SubjectId, name: str) -> Detail:
        return Detail(SPEC, ("file",), ((Shown("a"),),))


async def passes(cls: type[Collector[Any]], **more: Any) -> None:
    given: dict[str, Any] = {"options": {}, "unreachable": {"folder": "gone"}, "type_name": "queues.good"}
    await check_collector(cls, **(given | more))


async def broken(cls: type[Collector[Any]], match: str, **more: Any) -> None:
    with pytest.raises(ContractError, match=match):
        await passes(cls, **more)


async def test_a_good_one_passes() -> None:
    await passes(Good)
    await passes(Good, options=GoodOptions(), unreachable=None)
    assert await check_collector(Good, {}, live=False) == ()


def variant(**members: Any) -> type[Collector[Any]]:
    return type("Variant", (Good,), {"__doc__": "A variant.", **members})


@dataclass
class Loose:
    """``a``: b."""

    a: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """Says nothing."""

    folder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """``every``: is the console's."""

    every: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """``lock``: what TOML cannot say."""

    lock: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Positional:
    """``folder``: by position."""

    folder: str = ""


async def not_async() -> None: ...


@pytest.mark.parametrize(
    ("members", "match"),
    [
        ({"api": 2}, "interface 2"),
        ({"practice": "weather"}, "not a Practice"),
        ({"__doc__": ""}, "no docstring"),
        ({"default_every": 0.1}, "default_every"),
        ({"collect": lambda self: None}, "`collect` is not `async def`"),
        ({"close": lambda self: None}, "`close` is not `async def`"),
        ({"detail": None}, "`detail` is not `async def`"),
        ({"details": (SPEC, SPEC)}, "one name"),
        ({"Options": dict}, "not a dataclass"),
        ({"Options": Loose}, "frozen=True"),
        ({"Options": Positional}, "keyword-only"),
        ({"Options": Untold}, "not explained"),
        ({"Options": Taken}, "the console itself reads"),
        ({"Options": Unreadable}, "cannot be read from TOML"),
    ],
)
async def test_what_a_class_says_wrong_is_noticed(members: dict[str, Any], match: str) -> None:
    with pytest.raises(ContractError, match=match):
        check_class(variant(**members))


def test_what_is_no_collector_is_noticed() -> None:
    with pytest.raises(ContractError, match="not a Collector"):
        check_class(dict)


def test_options_are_read_as_the_console_reads_them() -> None:
    assert options_of(Good, {"slow": "1m30s"}).slow == 90
    with pytest.raises(ContractError, match="'flder' is no option; there are folder"):
        options_of(Good, {"flder": "x"})
    with pytest.raises(ContractError, match="slow"):
        options_of(Good, {"slow": "soon"})


def gives(*edit: Callable[[Good, QueueReading], Reading | None], **more: Any) -> type[Collector[Any]]:
    """A collector whose reading goes through functions."""

    async def collect(self: Good) -> Sweep:
        if self.options.folder == "gone":
            raise UnreachableError("no such folder")
        made = [one(self, self.reading()) for one in edit]
        return replace(self.sweep([one for one in made if one is not None]), **more)

    return variant(collect=collect)


def changed(**more: Any) -> Callable[[Good, QueueReading], Reading]:
    return lambda _self, reading: replace(reading, **more)


def raw_label(_self: Good, reading: QueueReading) -> Reading:
    label: Any = "raw"
    return replace(reading, subject=replace(reading.subject, label=label))


def same(_self: Good, reading: QueueReading) -> Reading:
    return reading


def other_collector(_self: Good, reading: QueueReading) -> Reading:
    context = Context(collector="somebody else")
    return replace(reading, subject=context.subject(Practice.QUEUES, b"q"))


def other_practice(self: Good, _reading: QueueReading) -> Reading:
    return HealthReading(subject=self.context.subject(Practice.HEALTH, b"q"))


def text_key(_self: Good, reading: QueueReading) -> Reading:
    identity = SubjectId(Practice.QUEUES, "contract", "", "text")  # type: ignore[arg-type] # that is the fault
    return replace(reading, subject=replace(reading.subject, id=identity))


@pytest.mark.parametrize(
    ("cls", "match"),
    [
        (gives(same, same), "two readings have one subject: b'q'"),
        (gives(lambda _self, _reading: None), "gave no reading"),
        (gives(other_collector), "of another collector"),
        (gives(other_practice), "a reading of health from a collector of queues"),
        (gives(text_key), "is str, not bytes"),
        (gives(changed(word="raw")), "`word` of q is str, not Shown"),
        (gives(changed(note="raw")), "`note` of q is str, not Shown"),
        (gives(changed(parts=(Part(name=RAW),))), "a part's name of q is str"),
        (gives(changed(parts=(Part(name=Shown("a"), word=RAW),))), "a part's word of q is str"),
        (gives(raw_label), "a label is str"),
        (gives(changed(ready=3)), "ready of q is int, not Quantity"),
        (gives(changed(ready=exact(3, Unit.BYTES))), "ready of q is in B, not in count"),
        (gives(changed(extra=(("files", exact(1)),))), "'files' is not named good.something"),
        (gives(changed(extra=(("good.Big", exact(1)),))), "not named good.something"),
        (gives(changed(extra=(("good.a", exact(1)),) * 2)), "comes twice"),
        (gives(same, taken=0.0), "use self.sweep"),
        (gives(same, arrived=0.0), "use self.sweep"),
        (gives(same, cost=Cost(requests=-1)), "below zero"),
        (gives(same, note="raw"), "the note of the Sweep is str"),
        (gives(same, readings=tuple([None] * (MOST_SUBJECTS + 1))), "counts those over 500"),
    ],
)
async def test_what_a_sweep_says_wrong_is_noticed(cls: type[Collector[Any]], match: str) -> None:
    await broken(cls, match)


async def test_what_is_no_sweep_is_noticed() -> None:
    async def collect(self: Good) -> Any:
        return [self.reading()]

    await broken(variant(collect=collect), "is list, not Sweep")


def test_a_quantity_that_is_no_number_cannot_even_be_made() -> None:
    with pytest.raises(ValueError, match="not a finite value"):
        exact(math.nan)


@pytest.mark.parametrize(
    ("detail", "match"),
    [
        (None, "is NoneType, not Detail"),
        (Detail(replace(SPEC, name="other"), (), ()), "'other' came"),
        (Detail(SPEC, ("a", "b"), ((Shown("a"),),)), "a row of 1 under 2 columns"),
        (Detail(SPEC, ("a",), ((RAW,),)), "a cell is str"),
        (Detail(SPEC, ("a",), ((Shown("a"),),), indent=(0, 1)), "indents for 2 of 1 rows"),
        (Detail(SPEC, (), (), note=RAW), "the note of detail 'files' is str"),
    ],
)
async def test_what_a_detail_says_wrong_is_noticed(detail: Any, match: str) -> None:
    async def give(self: Good, subject: SubjectId, name: str) -> Any:
        return detail

    await broken(variant(detail=give), match)


async def test_a_detail_of_a_gone_subject_may_be_a_reason_and_not_a_crash() -> None:
    async def refuse(self: Good, subject: SubjectId, name: str) -> Detail:
        if subject.key != b"q":
            raise SourceError("it is gone")
        return Detail(SPEC, (), ())

    async def crash(self: Good, subject: SubjectId, name: str) -> Detail:
        return {b"q": Detail(SPEC, (), ())}[subject.key]

    await passes(variant(detail=refuse))
    with pytest.raises(KeyError):
        await passes(variant(detail=crash))


async def test_a_close_that_raises_or_forgets_is_noticed() -> None:
    class Raising(Good):
        """Raises when it is closed twice."""

        closed = 0

        async def close(self) -> None:
            self.closed += 1
            if self.closed > 1:
                raise RuntimeError("twice")

    class Leasing(Good):
        """Keeps its lease."""

        async def open(self) -> None:
            async def connect() -> None: ...
            async def disconnect(_: None) -> None: ...

            self.context.leases.get(LeaseKey("test", "u", ""), connect, disconnect)

    class Working(Good):
        """Leaves a task."""

        async def open(self) -> None:
            self.task = asyncio.create_task(asyncio.sleep(3600), name="forgotten")

    await broken(Raising, "`close` raised RuntimeError: twice")
    await broken(Leasing, "keeps a lease")
    before = asyncio.all_tasks()
    await broken(Working, "leaves tasks running: forgotten")
    for task in asyncio.all_tasks() - before:
        task.cancel()


async def test_a_pass_that_a_cancellation_breaks_is_noticed() -> None:
    class Stubborn(Good):
        """Does not let itself be cancelled."""

        async def collect(self) -> Sweep:
            for _ in range(50):
                try:
                    await asyncio.sleep(0.02)
                except asyncio.CancelledError:
                    continue
            return await super().collect()

    class Locking(Good):
        """Forgets to give its lock back."""

        def __init__(self, options: GoodOptions, context: Context) -> None:
            super().__init__(options, context)
            self.lock = asyncio.Lock()

        async def collect(self) -> Sweep:
            await self.lock.acquire()
            await asyncio.sleep(0)
            self.lock.release()
            return await super().collect()

    slow = Context(collector="stubborn", timeout=0.05)
    with pytest.raises((ContractError, TimeoutError)):
        await passes(Stubborn, context=slow)
    await broken(Locking, "after a cancelled pass the next one hangs|does not end")


async def test_a_dead_source_must_be_a_reason_in_time() -> None:
    def dead(act: Callable[[Good], Any]) -> type[Collector[Any]]:
        async def collect(self: Good) -> Sweep:
            if self.options.folder == "gone":
                await act(self)
            return self.sweep([self.reading()])

        return variant(collect=collect)

    async def nothing(_: Good) -> None: ...
    async def hang(_: Good) -> None:
        await asyncio.sleep(60)

    async def crash(_: Good) -> None:
        raise ConnectionRefusedError("driver")

    async def wordless(_: Good) -> None:
        raise UnreachableError("")

    await broken(dead(nothing), "gave a Sweep instead of SourceError")
    await broken(dead(hang), "waited for beyond")
    await broken(dead(crash), "raised ConnectionRefusedError instead of SourceError")
    await broken(dead(wordless), "gives no reason")


async def test_secrets_are_looked_for_where_they_are_printed() -> None:
    living = {"url": "https://bob:s3cret%20word@h/", "password": "hunter22"}

    class Chatty(Good):
        """Tells its password in its repr."""

        def __repr__(self) -> str:
            assert self.options.password is not None
            return f"Chatty({self.options.password.reveal()})"

    class Leaking(Good):
        """Tells its password in an error."""

        async def collect(self) -> Sweep:
            if self.options.folder == "gone":
                assert self.options.url is not None
                raise AccessError(f"cannot log in with {self.options.url.reveal()[12:25]}")
            return await super().collect()

    await passes(Good, options=living, unreachable=living | {"folder": "gone"})
    await broken(Chatty, "Chatty prints a secret of 8 characters", options=living)
    await broken(Leaking, "AccessError prints a secret", unreachable=living | {"folder": "gone"})
    error = UnreachableError("cannot log in with s3cret word")
    with pytest.raises(ContractError, match="UnreachableError prints a secret"):
        check_secrets((), options_of(Good, living), error)
    await broken(Good, "GoodOptions prints a secret", options={"folder": "hunter22"}, secrets=["hunter22"])
    error = UnreachableError("refused")
    error.__cause__ = OSError("password is hunter22")
    with pytest.raises(ContractError, match="UnreachableError prints"):
        check_secrets(["hunter22"], None, error)


async def test_a_call_that_blocks_the_loop_is_noticed() -> None:
    from blockbuster import BlockingError

    class Blocking(Good):
        """Sleeps on the loop."""

        async def collect(self) -> Sweep:
            time.sleep(0.001)  # noqa: ASYNC251 - that is the fault
            return await super().collect()

    with pytest.raises(BlockingError, match=r"time\.sleep"):
        await passes(Blocking)


async def test_without_blockbuster_the_rest_is_still_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "blockbuster", None)
    await passes(Good)


def test_the_suite_needs_no_test_runner() -> None:
    import subprocess

    code = "import sys, collectors.testing; assert not {'pytest', 'blockbuster'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], timeout=60)
