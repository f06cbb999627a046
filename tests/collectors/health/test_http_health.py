"""The health adapter on real servers: failures are readings, lies are flaws, restarts are counted."""

# ruff: noqa: E501 - a table is read across
import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from collectors import registry
from collectors.base import Context
from collectors.errors import OptionsError, SourceError, UnsupportedError
from collectors.health.http import HttpHealth, HttpHealthOptions
from collectors.model.health import HealthReading
from collectors.model.quantity import Known
from collectors.secret import SecretUrl
from collectors.testing import check_collector
from tests.collectors.health.conftest import FakeClock, MakeHealth
from tests.servers.web import RawServer, raw_server

Once = Callable[[HttpHealth], Awaitable[HealthReading]]


class Script:
    """A server whose next answer the test sets."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: dict[str, str] = {"content-type": "text/plain"}
        self.body = b"ok"

    async def __call__(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {self.status} X\r\ncontent-length: {len(self.body)}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        writer.write(head.encode("latin-1") + b"\r\n" + self.body)
        await writer.drain()

    def json(self, value: object, status: int = 200) -> None:
        self.status, self.body = status, json.dumps(value).encode()
        self.headers = {"content-type": "application/json"}


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
async def server(script: Script) -> AsyncIterator[RawServer]:
    async with raw_server(script) as made:
        yield made


async def test_an_answer_is_a_reading(make_health: MakeHealth, probe: Once, server: RawServer) -> None:
    collector = make_health(server.url("/readyz"))
    sweep = await collector.collect()
    assert sweep.complete
    assert (sweep.cost.requests, sweep.cost.bytes > 2, sweep.cost.seconds) == (1, True, 0.0)
    (reading,) = sweep.readings
    assert isinstance(reading, HealthReading)
    assert (reading.state, reading.word, reading.note, reading.flaws) == ("up", "ok", "", ())
    assert reading.subject.id.key == b"/readyz"
    assert reading.subject.label == "ready"
    assert reading.subject.service == "orders"
    assert reading.probe == "readiness"
    assert reading.latency.known is Known.EXACT
    for name in ("restarts", "uptime", "tls_expires"):
        assert reading.quantities()[name].known is Known.UNKNOWN, name


async def test_refused_is_a_reading_and_never_backed_off(
    make_health: MakeHealth, probe: Once, free_port: Callable[[], int]
) -> None:
    assert HttpHealth.backs_off is False
    port = free_port()
    reading = await probe(make_health(f"http://127.0.0.1:{port}/"))
    assert (reading.state, reading.word) == ("down", "refused")
    assert reading.note == f"nothing listens on 127.0.0.1:{port}"
    assert (reading.status.known, reading.latency.known) == (Known.UNKNOWN, Known.UNKNOWN)


async def test_a_silent_server_is_a_reading_within_the_engines_deadline(
    make_health: MakeHealth, probe: Once
) -> None:
    async def silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with raw_server(silent) as server:
        async with asyncio.timeout(3.0):
            reading = await probe(make_health(server.url(), within=1.0))
    assert (reading.state, reading.word) == ("down", "no answer in 0.95 s")
    assert (reading.latency.known, reading.latency.value) == (Known.AT_LEAST, 0.95)


async def test_a_late_answer_is_an_answer(make_health: MakeHealth, probe: Once) -> None:
    async def late(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    async with raw_server(late) as server:
        reading = await probe(make_health(server.url(), slow=0.2))
        assert (reading.state, reading.word) == ("up", "ok")
        assert reading.note.startswith("slow: ")
        assert (await probe(make_health(server.url(), slow=60.0))).note == ""


@pytest.mark.parametrize(
    ("status", "state"),
    [
        *((200, "up"), (206, "up"), (302, "unknown"), (401, "unknown"), (403, "unknown"), (404, "down")),
        *((429, "unknown"), (500, "down"), (503, "down")),
    ],
)
async def test_status_codes(
    make_health: MakeHealth, probe: Once, server: RawServer, script: Script, status: int, state: str
) -> None:
    script.status, script.body = status, b""
    reading = await probe(make_health(server.url()))
    assert (reading.state, reading.word, reading.status.value) == (state, str(status), status)


async def test_other_codes_can_be_expected(
    make_health: MakeHealth, probe: Once, server: RawServer, script: Script
) -> None:
    script.status, script.body = 429, b""
    collector = make_health(server.url(), expect_status=frozenset({429}))
    assert (await probe(collector)).state == "up"
    script.status = 200
    assert (await probe(make_health(server.url(), expect_status=frozenset({429})))).state == "down"


async def test_head_asks_for_the_code_alone(make_health: MakeHealth, probe: Once, server: RawServer) -> None:
    reading = await probe(make_health(server.url(), method="HEAD"))
    assert (reading.state, reading.format, reading.word) == ("up", "empty", "200")
    assert server.heads[0].startswith(b"HEAD / ")


Lie = tuple[int, dict[str, str], bytes, str, str]
LIES: list[Lie] = [
    (302, {"location": "https://u:p@sso.example/login?token=abc"}, b"", "unknown", "redirects to sso.example/login (not followed)"),
    (200, {"content-type": "text/html"}, b"<html>shop</html>", "up", "an HTML page instead of a health answer"),
    (200, {"content-type": "text/plain"}, b"<!DOCTYPE html><p>", "up", "an HTML page instead of a health answer"),
    (200, {"content-type": "application/json"}, b'{"status":"DOWN"}', "down", "says DOWN with status 200"),
    (503, {"content-type": "application/json"}, b'{"status":"UP"}', "down", "says UP with status 503"),
    (200, {"content-type": "application/json"}, b'{"status":"ok","checks":{"db":"down"}}', "up", "says ok while db fails"),
    (200, {"age": "37"}, b"ok", "up", "a cached answer, 37 s old"),
    (200, {"x-cache": "Hit from cloudfront"}, b"ok", "up", "a cached answer: x-cache: Hit from cloudfront"),
    (200, {"cache-status": "ExampleCache; hit; ttl=30"}, b"ok", "up", "a cached answer: cache-status says hit"),
]  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
async def test_lies_are_flaws_not_health(
    make_health: MakeHealth,
    probe: Once,
    server: RawServer,
    script: Script,
    lie: Lie,
) -> None:
    script.status, script.headers, script.body, state, flaw = lie
    reading = await probe(make_health(server.url()))
    assert (reading.state, reading.flaws) == (state, (flaw,))


@pytest.mark.parametrize(
    "headers",
    [
        *({"age": "0"}, {"x-cache": "MISS"}, {"cf-cache-status": "DYNAMIC"}, {"cache-status": "x; fwd=miss"}),
        *({"age": "soon"}, {"x-cache": "MISS from whitehit"}),
    ],
)
async def test_honest_headers_are_no_flaws(
    make_health: MakeHealth, probe: Once, server: RawServer, script: Script, headers: dict[str, str]
) -> None:
    script.headers = headers
    assert (await probe(make_health(server.url()))).flaws == ()


async def test_a_date_that_stands_still(
    make_health: MakeHealth, probe: Once, server: RawServer, script: Script, clock: FakeClock
) -> None:
    script.headers = {"date": "Wed, 21 Oct 2026 07:28:00 GMT"}
    collector = make_health(server.url())
    assert (await probe(collector)).flaws == ()
    clock.now += 1
    assert (await probe(collector)).flaws == ()
    clock.now += 5
    assert (await probe(collector)).flaws == ("the same Date as 6 s ago: a stored answer",)
    script.headers = {"date": "Wed, 21 Oct 2026 07:28:09 GMT"}
    assert (await probe(collector)).flaws == ()


async def test_an_endless_answer(make_health: MakeHealth, probe: Once) -> None:
    async def endless(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with raw_server(endless) as server:
        reading = await probe(make_health(server.url()))
    assert reading.flaws == ("an endless or huge answer, cut",)


async def test_an_encoded_answer_tells_nothing(
    make_health: MakeHealth, probe: Once, server: RawServer, script: Script
) -> None:
    script.headers = {"content-encoding": "gzip"}
    reading = await probe(make_health(server.url()))
    assert (reading.state, reading.word) == ("unknown", "gzip-encoded answer refused")
    assert reading.failing.value == 0


async def test_broken_json_tells_nothing(
    make_health: MakeHealth, probe: Once, server: RawServer, script: Script
) -> None:
    script.headers, script.body = {"content-type": "application/json"}, b'{"status": "UP"'
    reading = await probe(make_health(server.url()))
    assert (reading.state, reading.note) == ("unknown", "broken JSON")


async def test_one_bad_probe_is_no_outage_and_one_good_one_no_recovery(
    make_health: MakeHealth, probe: Once, server: RawServer, script: Script
) -> None:
    collector = make_health(server.url())
    seen = []
    for status in (200, 503, 200, 503, 200, 200):
        script.status = status
        script.body = b""
        reading = await probe(collector)
        seen.append(
            (str(reading.state), str(reading.word), str(reading.note), round(reading.failing.value or 0, 2))
        )
    assert seen == [
        ("up", "200", "", 0.0),
        ("up", "503", "1 of 2 probes failed", 0.5),
        ("up", "200", "", 0.33),
        ("down", "503", "", 0.67),
        ("down", "200", "recovering: 2 passes in a row are needed", 0.33),
        ("up", "200", "", 0.33),
    ]


async def test_restarts_are_counted_from_the_start_time(
    make_health: MakeHealth, probe: Once, server: RawServer, script: Script, clock: FakeClock
) -> None:
    collector = make_health(server.url())
    script.json({"status": "ok", "version": "41", "uptime_seconds": 100})
    reading = await probe(collector)
    assert (reading.version, reading.started) == ("41", clock.now - 100)
    assert (reading.restarts.value, reading.uptime.value) == (0, 100)
    clock.now += 10
    script.json({"status": "ok", "version": "42", "uptime_seconds": 3})
    reading = await probe(collector)
    assert (reading.version, reading.restarts.value, reading.restarts.known) == ("42", 1, Known.AT_LEAST)
    assert reading.uptime.value == 3


async def test_several_instances_behind_one_address(
    make_health: MakeHealth, probe: Once, server: RawServer, script: Script, clock: FakeClock
) -> None:
    collector = make_health(server.url())
    for hostname in ("web-1", "web-2", "web-1"):
        script.json({"status": "ok", "hostname": hostname})
        clock.now += 5
        reading = await probe(collector)
    assert reading.flaws == ("answers come from several instances",)


async def test_hostile_text_ends_shown(
    make_health: MakeHealth, probe: Once, server: RawServer, script: Script
) -> None:
    evil = "[@click=app.quit]x[/]\x1b]52;c;aGk=\x07\u202eabc\x9b31m"
    script.json(
        {
            "status": evil,
            "version": evil,
            "hostname": evil,
            "checks": {evil: {"status": "down", "error": evil}},
        }
    )
    script.headers |= {"x-cache": "hit \x1b[31m", "location": "/\x1b]0;x"}
    script.status = 302
    reading = await probe(make_health(server.url("/%1b[31m")))
    texts = [reading.word, reading.note, reading.version, reading.subject.label, *reading.flaws]
    texts += [text for part in reading.parts for text in (part.name, part.word)]
    assert len(texts) >= 8
    for text in texts:
        assert type(text).__name__ == "Shown"
        assert text.isprintable(), repr(text)
    assert any("[@click=app.quit]" in text for text in texts)


async def test_secrets_in_the_url_are_not_in_the_subject(make_health: MakeHealth) -> None:
    collector = make_health("http://admin:hunter2@127.0.0.1:1/readyz?token=abc")
    reading = (await collector.collect()).readings[0]
    printed = repr(reading)
    assert "hunter2" not in printed
    assert "abc" not in printed


async def test_a_source_behind_a_server_fails_in_words_and_is_no_reading(server: RawServer) -> None:
    context = Context(collector="ready", server="web-1")
    collector = HttpHealth(HttpHealthOptions(url=SecretUrl(server.url())), context)
    with pytest.raises(UnsupportedError, match="web-1"):
        await collector.collect()
    await collector.close()
    assert len(context.leases) == 0


async def test_missing_tls_files_fail_in_words_and_leave_no_lease() -> None:
    context = Context(collector="ready")
    options = HttpHealthOptions(url=SecretUrl("https://127.0.0.1:1/"), ca_file="/nonexistent/ca.pem")
    collector = HttpHealth(options, context)
    with pytest.raises(SourceError, match=r"ca_file /nonexistent/ca\.pem: No such file"):
        await collector.collect()
    await collector.close()
    await collector.close()
    assert len(context.leases) == 0


def test_the_registry_finds_them() -> None:
    assert registry.load("health.http").practice == "health"
    assert registry.load("health.tcp").practice == "health"
    ours = [name for name in registry.types() if name.startswith("health.")]
    assert ours == ["health.host", "health.http", "health.tcp"]


OPTIONS = TypeAdapter(HttpHealthOptions)


def test_options_as_toml_gives_them() -> None:
    raw = {
        "url": "https://orders/readyz",
        "probe": "liveness",
        "method": "HEAD",
        "expect_status": ["200-204", 429],
        "headers": {"X-Key": "secret-1"},
        "ca_file": "/etc/ca.pem",
        "window": "3 of 5",
        "recover": 1,
        "slow": "500ms",
    }
    options = OPTIONS.validate_json(json.dumps(raw), strict=True, extra="forbid")
    assert options.expect_status == {200, 201, 202, 203, 204, 429}
    assert (options.window.failures, options.window.probes, options.slow) == (3, 5, 0.5)
    assert "secret-1" not in repr(options)


@pytest.mark.parametrize(
    "bad",
    [
        {"expect_status": "ok"},
        {"expect_status": "600"},
        {"expect_status": "299-200"},
        {"expect_status": []},
        {"expect_status": True},
        {"window": "4 of 3"},
        {"window": "0 of 3"},
        {"window": 3},
        {"method": "POST"},
        {"probe": "health"},
        {"url": "orders"},
        {"slow": "soon"},
        {"slow": True},
        {"recover": "2"},
        {"colour": "red"},
        {"headers": {"X": 1}},
    ],
)
def test_options_that_cannot_be(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        OPTIONS.validate_json(json.dumps({"url": "https://orders/readyz"} | bad), strict=True, extra="forbid")


@pytest.mark.parametrize(
    "bad", [{"recover": 0}, {"url": SecretUrl("ftp://a/")}, {"headers": {"Te": SecretUrl("a://b")}}]
)
def test_options_that_contradict(bad: dict[str, Any]) -> None:
    options = HttpHealthOptions(**({"url": SecretUrl("http://a/")} | bad))
    with pytest.raises(OptionsError):
        HttpHealth(options, Context(collector="ready"))


async def test_version_and_restarts_outlast_a_failure(
    make_health: MakeHealth, probe: Once, server: RawServer, script: Script, clock: FakeClock
) -> None:
    collector = make_health(server.url())
    script.json({"status": "ok", "version": "41", "restarts": 4, "uptime_seconds": 100})
    await probe(collector)
    clock.now += 10
    script.json({"status": "ok", "version": "41", "restarts": 5, "uptime_seconds": 1})
    assert (await probe(collector)).restarts.value == 1
    script.status, script.body = 500, b"no"
    script.headers = {}
    reading = await probe(collector)
    assert (reading.version, reading.restarts.value, reading.started) == ("41", 1, None)
    script.headers = {"content-encoding": "gzip"}
    reading = await probe(collector)
    assert (reading.word, reading.version, reading.restarts.value) == ("gzip-encoded answer refused", "41", 1)
    script.headers, script.status, script.body = {}, 200, b"ok"
    assert (await probe(collector)).version == "", "a good answer that tells none has none"


async def test_of_a_header_that_comes_twice_the_first_counts(make_health: MakeHealth, probe: Once) -> None:
    twice = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-type: text/html\r\n\r\nok"
    async with raw_server(twice) as made:
        reading = await probe(make_health(made.url()))
    assert (reading.format, reading.flaws) == ("text", ())


async def test_the_contract(server: RawServer, free_port: Callable[[], int]) -> None:
    dead = {"url": f"http://user:hunter2@127.0.0.1:{free_port()}/readyz?token=abc123"}
    options = {"url": server.url("/readyz?key=abc123"), "headers": {"X-Key": "header-secret"}}
    await check_collector(
        HttpHealth, options, type_name="health.http", unreachable=dead, secrets=("hunter2", "abc123")
    )
