"""Custom actions on real programs and a real server: what is planned is what is run, word for word."""

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request as WebRequest
from starlette.responses import PlainTextResponse

from collectors.action import Outcome, Plan, RefusedError, Request, Result, Risk, StoppedError
from collectors.errors import SourceError, TimedOutError
from collectors.model.practice import Practice
from collectors.model.queues import QueueReading
from collectors.model.subject import Subject, SubjectId
from collectors.text import Shown
from console.actions.custom import BEYOND, Custom, custom_actions
from console.settings import Source, load
from tests.collectors.acting import KeepingControl
from tests.servers.processes import alive
from tests.servers.waiting import wait_until_async
from tests.servers.web import uvicorn_server

NO_TEXT = "{subject} cannot be filled in: the subject's name is no UTF-8"
HOSTILE = "$(touch /tmp/x); `id` | * 'a\" b"


def subject(
    key: bytes = b"mail",
    *,
    service: str = "orders",
    collector: str = "orders-jobs",
    instance: str = "web-1",
    practice: Practice = Practice.QUEUES,
    label: object = None,
) -> Subject:
    return Subject(
        SubjectId(practice, collector, instance, key), service, Shown(str(label or key.decode("latin-1")))
    )


class Configured:
    """Actions of a configuration in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {"HOME": str(folder), "PATH": os.defpath}

    def all(self, text: str) -> tuple[Custom, ...]:
        path = self.folder / "quarterdeck.toml"
        path.write_text(text)
        path.chmod(0o600)
        return custom_actions(load(Source(folder=self.folder), self.environ))

    def one(self, fields: str, *, target: str = "*", name: str = "it", risk: str = "disruptive") -> Custom:
        text = f'[actions.{name}]\nrisk = "{risk}"\ntarget = "{target}"\n{fields}\n'
        [found] = self.all(text)
        return found

    def script(self, text: str, name: str = "script") -> Path:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path


@pytest.fixture
def configured(tmp_path: Path) -> Configured:
    return Configured(tmp_path)


async def plan(custom: Custom, on: Subject) -> Plan:
    return await custom.on(on).plan(Request(subject=on.id, cut_off=1000.0))


async def run(custom: Custom, on: Subject, made: Plan, control: Any = None) -> Outcome:
    """Run a plan as the runner does, with the action's own hands."""
    action: Any = custom.on(on)
    hands = await action.open_hands()
    try:
        assert hands.server == made.server
        outcome: Outcome = await action.run(made, hands, control or KeepingControl())
    finally:
        await hands.close()
    return outcome


async def done(custom: Custom, on: Subject) -> Outcome:
    made = await plan(custom, on)
    assert made.refusals == ()
    return await run(custom, on, made)


class Stoppable(KeepingControl):
    """A control that is stopped by a flag."""

    def stop(self) -> None:
        self.over.set()

    def __init__(self) -> None:
        super().__init__()
        self.over = asyncio.Event()

    async def pause(self, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            await self.over.wait()
        raise StoppedError("stopped by the operator")


# what is offered


def test_actions_are_listed_in_order_with_their_risk(configured: Configured) -> None:
    found = configured.all(
        '[actions.restart]\nwords = "restart it"\nrisk = "safe"\ntarget = "*"\ncommand = ["a"]\n'
        'timeout = "2s"\n'
        '[actions.off]\nrisk = "destructive"\nservice = "orders"\nrequest = { url = "http://h" }\n'
    )
    told = [(one.spec.id, one.spec.words, one.spec.risk, one.spec.bulk, one.spec.undoable) for one in found]
    assert told == [
        ("custom.restart", "restart it", Risk.SAFE, False, False),
        ("custom.off", "off", Risk.DESTRUCTIVE, False, False),
    ]
    assert found[0].spec.deadline == 2 + BEYOND
    assert [one.on(subject()).kind for one in found] == ["process", "http"]
    assert found[0].on(subject()).spec is found[0].spec
    assert found[0].spec.verb == "restart"


@pytest.mark.parametrize(
    ("target", "fit"),
    [
        ("orders-jobs/mail*", True),
        ("orders-jobs/mail", True),
        ("orders-jobs/web-1/mail", True),
        ("orders-*", True),
        ("orders-jobs", True),
        ("*/mail", True),
        ("orders-jobs/post*", False),
        ("orders", False),
        ("mail*", False),
        ("orders-jobs/mai", False),
        ("ORDERS-JOBS/mail", False),
    ],
)
def test_a_target_is_a_glob_over_collector_and_subject(
    configured: Configured, target: str, fit: bool
) -> None:
    assert configured.one('command = ["a"]', target=target).fits(subject()) is fit


def test_a_subject_is_known_by_its_key_as_shown_and_as_written_on_a_command_line(
    configured: Configured,
) -> None:
    ready = subject(b"/readyz", label="orders-ready", collector="orders-ready")
    for target in ("orders-ready//readyz", "orders-ready/orders-ready", "orders-ready/%2Freadyz"):
        assert configured.one('command = ["a"]', target=target).fits(ready), target


def test_practice_and_service_must_fit_too(configured: Configured) -> None:
    custom = configured.one('command = ["a"]\npractice = "queues"\nservice = "orders"')
    assert custom.fits(subject())
    assert not custom.fits(subject(service="billing"))
    assert not custom.fits(subject(practice=Practice.CACHES))


async def test_elsewhere_it_is_unfit_and_refused(configured: Configured) -> None:
    custom, other = configured.one('command = ["true"]', target="orders-jobs/mail"), subject(b"post")
    why = "the configuration offers it elsewhere"
    assert custom.on(other).unfit(QueueReading(subject=other)) == why
    assert custom.on(subject()).unfit(QueueReading(subject=subject())) == ""
    made = await plan(custom, other)
    assert made.refusals == (why,)
    with pytest.raises(RefusedError, match=why):
        await run(custom, other, made)


# programs


async def test_the_plan_shows_the_very_arguments(configured: Configured) -> None:
    configured.environ |= {"API_KEY": "hunter2", "ZONE": "eu west"}
    custom = configured.one(
        'command = ["echo", "worker@{subject}", "{service}/{instance}/{collector}", "${ZONE}", '
        '"--k=${API_KEY}"]\n'
        'env = { REASON = "drain" }\ntimeout = "7s"'
    )
    made = await plan(custom, subject())
    assert made.sample == (
        "echo worker@mail orders/web-1/orders-jobs 'eu west' '--k=•••'",
        "with REASON=•••",
    )
    assert (made.server, made.count.value, made.undo) == ("this machine", 1, "")
    assert (made.target, made.service, made.level) == ("mail", "orders", Risk.DISRUPTIVE)
    assert made.refusals == ()
    assert any("7 s it is sent TERM" in words for words in made.warnings)
    assert "it cannot be taken back" in made.warnings
    assert "hunter2" not in repr(made)
    assert "hunter2" not in json.dumps(dict(made.detail))


async def test_a_name_is_one_argument_whatever_it_holds(configured: Configured) -> None:
    script = configured.script('for word in "$@"; do printf "%s\\n" "[$word]"; done; echo "$NAME"')
    custom = configured.one(
        f'command = ["{script}", "{{subject}}", "x-{{subject}}", "--name={{subject}}"]\n'
        'env = { NAME = "{subject}" }'
    )
    outcome = await done(custom, subject(HOSTILE.encode()))
    assert (outcome.result, outcome.count, outcome.words) == (Result.DONE, 1, "it ended with status 0")
    assert outcome.lines == (f"[{HOSTILE}]", f"[x-{HOSTILE}]", f"[--name={HOSTILE}]", HOSTILE)


async def test_places_are_not_looked_for_in_values(configured: Configured) -> None:
    outcome = await done(
        configured.one('command = ["echo", "{subject}|{service}"]'), subject(b"{service}$HOME")
    )
    assert outcome.lines == ("{service}$HOME|orders",)


DASHED = "would be read as an option: the subject begins with -"
LACKS = "cannot be filled in: this subject has no"


@pytest.mark.parametrize(
    ("words", "on", "why"),
    [
        ('["rm", "{subject}"]', subject(b"-rf"), f"the argument '-rf' {DASHED}"),
        ('["rm", "{subject}{service}"]', subject(b"--a"), f"the argument '--aorders' {DASHED}"),
        ('["rm", "{subject}"]', subject(b""), f"{{subject}} {LACKS} subject"),
        ('["rm", "{instance}"]', subject(instance=""), f"{{instance}} {LACKS} instance"),
        ('["rm", "{service}"]', subject(service=""), f"{{service}} {LACKS} service"),
        ('["rm", "{subject}"]', subject(b"\xff\xfe"), NO_TEXT),
        ('["rm", "x{subject}"]', subject(b"a\0b"), "a name with a null byte cannot be an argument"),
        ('["no-such-program", "{subject}"]', subject(), "no-such-program is no program on this machine"),
    ],
)
async def test_what_may_not_be_an_argument_is_refused_in_words(
    configured: Configured, words: str, on: Subject, why: str
) -> None:
    custom = configured.one(f"command = {words}")
    made = await plan(custom, on)
    assert made.refusals == (why,)
    action: Any = custom.on(on)
    with pytest.raises(RefusedError) as caught:
        await action.run(made, None, KeepingControl())
    assert caught.value.why == why


async def test_a_name_with_a_dash_behind_something_is_an_argument(configured: Configured) -> None:
    outcome = await done(
        configured.one('command = ["echo", "x{subject}", "--name={subject}"]'), subject(b"-rf")
    )
    assert outcome.lines == ("x-rf --name=-rf",)


async def test_a_name_that_is_not_used_may_be_anything(configured: Configured) -> None:
    outcome = await done(
        configured.one('command = ["echo", "ok"]'), subject(b"\xff\0", instance="", service="")
    )
    assert outcome.result is Result.DONE


async def test_it_gets_a_clean_environment_and_its_own(
    configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONSTARTUP", "/tmp/x")
    configured.environ["PW"] = "s3cretword"
    custom = configured.one('command = ["env"]\nenv = { PASSWORD = "${PW}", PLACE = "{collector}" }')
    made = await plan(custom, subject())
    outcome = await run(custom, subject(), made)
    names = {line.partition("=")[0] for line in outcome.lines}
    assert {"PASSWORD", "PLACE"} <= names
    assert not names & {"PYTHONSTARTUP", "PWD", "TERM"}
    assert "PASSWORD=•••" in outcome.lines
    assert "PLACE=orders-jobs" in outcome.lines


async def test_another_status_is_failed_with_the_last_lines(configured: Configured) -> None:
    script = configured.script("for i in 1 2 3 4 5 6 7; do echo line $i; done; echo no such unit >&2; exit 4")
    outcome = await done(configured.one(f'command = ["{script}"]'), subject())
    assert (outcome.result, outcome.count) == (Result.FAILED, 0)
    assert outcome.words == "it ended with status 4: no such unit"
    assert outcome.lines == ("line 4", "line 5", "line 6", "line 7", "no such unit")


async def test_an_end_by_a_signal_is_failed(configured: Configured) -> None:
    script = configured.script("kill -SEGV $$")
    outcome = await done(configured.one(f'command = ["{script}"]'), subject())
    assert (outcome.result, outcome.words) == (Result.FAILED, "it was ended by SIGSEGV")


async def test_what_a_program_says_is_shown_and_not_sent(configured: Configured) -> None:
    configured.environ["PW"] = "s3cretword"
    script = configured.script('printf "\\033[2J[red]%s\\n" "$PASSWORD"; exit 1')
    outcome = await done(
        configured.one(f'command = ["{script}"]\nenv = {{ PASSWORD = "${{PW}}" }}'), subject()
    )
    assert outcome.lines == ("␛[2J[red]•••",)
    assert "s3cretword" not in repr(outcome)


async def test_no_end_in_time_is_unknown_and_the_program_is_ended(configured: Configured) -> None:
    configured.environ["PW"] = "s3cretword"
    pid = configured.folder / "pid"
    script = configured.script(f'echo $$ > {pid}; echo "$PASSWORD"; sleep 60 & wait')
    custom = configured.one(f'command = ["{script}"]\ntimeout = "1s"\nenv = {{ PASSWORD = "${{PW}}" }}')
    with pytest.raises(TimedOutError) as caught:
        await done(custom, subject())
    assert "did not end within 1 s: it was sent TERM, and ended" in caught.value.why
    assert caught.value.hint == "•••"
    assert not alive(int(pid.read_text()))


async def test_stopped_before_it_begins_it_is_not_begun(configured: Configured) -> None:
    mark = configured.folder / "mark"
    custom = configured.one(f'command = ["touch", "{mark}"]')
    made = await plan(custom, subject())
    with pytest.raises(StoppedError):
        await run(custom, subject(), made, KeepingControl(stop_after=0))
    assert not mark.exists()


async def test_stopped_while_it_runs_it_is_ended_and_unknown(configured: Configured) -> None:
    pid = configured.folder / "pid"
    script = configured.script(f"echo $$ > {pid}; sleep 60 & wait")
    custom = configured.one(f'command = ["{script}"]')
    made, control = await plan(custom, subject()), Stoppable()
    task = asyncio.create_task(run(custom, subject(), made, control))
    await wait_until_async(lambda: pid.exists() and pid.read_text().strip(), 10, "it runs")
    control.stop()
    outcome = await task
    assert outcome.result is Result.UNKNOWN
    assert outcome.words.startswith("stopped by the operator: the program was sent TERM")
    assert not alive(int(pid.read_text()))


async def test_a_plan_of_another_configuration_or_subject_is_not_run(configured: Configured) -> None:
    mark = configured.folder / "mark"
    before = await plan(configured.one('command = ["true", "{subject}"]'), subject())
    changed = configured.one(f'command = ["touch", "{mark}"]')
    with pytest.raises(RefusedError, match="another one now than in the plan"):
        await run(changed, subject(), before)
    same = configured.one('command = ["true", "{subject}"]')
    with pytest.raises(RefusedError, match="another one now than in the plan"):
        await run(same, subject(b"post"), before)
    assert not mark.exists()


async def test_it_runs_once(configured: Configured) -> None:
    count = configured.folder / "count"
    script = configured.script(f"echo run >> {count}; exit 1")
    await done(configured.one(f'command = ["{script}"]'), subject())
    assert count.read_text() == "run\n"


async def test_what_nobody_saw_end_is_unknown(configured: Configured) -> None:
    custom = configured.one('command = ["true"]')
    made = await plan(custom, subject())
    outcome = await custom.on(subject()).reconcile(made, ())
    assert (outcome.result, outcome.count) == (Result.UNKNOWN, 0)
    with pytest.raises(RefusedError, match="cannot be undone"):
        await custom.on(subject()).undo(made, (), None, KeepingControl())  # type: ignore[arg-type]  # no hands are needed


# requests

CALLS: list[dict[str, Any]] = []


async def _switch(scope: Any, receive: Any, send: Any) -> None:
    request = WebRequest(scope, receive)
    body = await request.body()
    path = f"{scope['raw_path'].decode()}?{scope['query_string'].decode()}"
    CALLS.append(
        {"line": f"{request.method} {path}", "headers": dict(request.headers), "body": body.decode()}
    )
    status = int(request.query_params.get("answer", "200"))
    if status == 0:
        await asyncio.sleep(30)
    said = f"heard {request.headers.get('authorization', 'nobody')}\n"
    answer = PlainTextResponse(said, status, {"Location": "/elsewhere"} if status == 302 else None)
    await answer(scope, receive, send)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with uvicorn_server(_switch) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    CALLS.clear()


def asking(url: str, more: str = "") -> str:
    return f'request = {{ url = "{url}"{", " if more else ""}{more} }}'


async def test_a_request_is_what_the_plan_shows(configured: Configured, base: str) -> None:
    configured.environ["FLAG_TOKEN"] = "hunter2!"
    custom = configured.one(
        asking(
            base + "/off/{subject}?service={service}",
            'method = "PUT", headers = { Authorization = "Bearer ${FLAG_TOKEN}" }, '
            'body = \'{"by": "{collector}"}\'',
        )
    )
    made = await plan(custom, subject(b"a/b c"))
    line = "/off/a%2Fb%20c?service=orders"
    assert made.sample == (f"PUT {base}{line}", "Authorization: •••", '{"by": "orders-jobs"}')
    assert made.server == base.removeprefix("http://")
    outcome = await run(custom, subject(b"a/b c"), made)
    assert (outcome.result, outcome.count, outcome.words) == (Result.DONE, 1, "it was answered with 200")
    assert outcome.lines == ("heard •••",)
    [call] = CALLS
    assert call["line"] == f"PUT {line}"
    assert call["body"] == '{"by": "orders-jobs"}'
    assert call["headers"]["authorization"] == "Bearer hunter2!"
    assert call["headers"]["content-type"] == "application/json"
    assert call["headers"]["idempotency-key"] == made.hash
    assert "hunter2" not in repr(made) + repr(outcome) + json.dumps(dict(made.detail))


async def test_names_stay_values_in_paths_queries_and_bodies(configured: Configured, base: str) -> None:
    name = 'a"b\\c&d=e?f#g/../h\r\n\x00%41é'
    on = subject(name.encode())
    text = 'body = \'{"a": ["{subject}", "x{subject}"]}\''
    await done(configured.one(asking(base + "/p/{subject}/q?a={subject}&b=1", text)), on)
    form = 'headers = { Content-Type = "application/x-www-form-urlencoded" }, body = "a={subject}&b=1"'
    await done(configured.one(asking(base + "/form", form)), on)
    encoded = "a%22b%5Cc%26d%3De%3Ff%23g%2F..%2Fh%0D%0A%00%2541%C3%A9"
    assert CALLS[0]["line"] == f"POST /p/{encoded}/q?a={encoded}&b=1"
    assert json.loads(CALLS[0]["body"]) == {"a": [name, f"x{name}"]}
    assert CALLS[1]["body"] == f"a={encoded}&b=1"


DOTS = "a name that is . or .. would lead to another path"


@pytest.mark.parametrize(
    ("fields", "on", "why"),
    [
        (
            asking("http://h/", 'headers = { X-Queue = "{subject}" }'),
            subject(b"a\r\nX-Admin: 1"),
            "a name with a line end or a control character cannot stand in the header X-Queue",
        ),
        (
            asking("http://h/", 'headers = { X-Queue = "{subject}" }'),
            subject("größe".encode()),
            "the header X-Queue cannot have characters that are not ASCII",
        ),
        (asking("http://h/flags/{subject}/off"), subject(b".."), DOTS),
        (asking("http://h/flags/{subject}"), subject(b"."), DOTS),
        (asking("http://h/{instance}"), subject(instance=""), f"{{instance}} {LACKS} instance"),
        (asking("http://h/{subject}"), subject(b"\xff"), NO_TEXT),
    ],
)
async def test_what_may_not_be_sent_is_refused_in_words(
    configured: Configured, fields: str, on: Subject, why: str
) -> None:
    custom = configured.one(fields)
    made = await plan(custom, on)
    assert made.refusals == (why,)
    assert made.server == "h"
    action: Any = custom.on(on)
    with pytest.raises(RefusedError) as caught:
        await action.run(made, None, KeepingControl())
    assert caught.value.why == why


@pytest.mark.parametrize(
    ("status", "result", "words"),
    [
        (202, Result.DONE, "accepted, and perhaps still to be done"),
        (204, Result.DONE, "it was answered with 204"),
        (302, Result.FAILED, "redirects are not followed"),
        (404, Result.FAILED, "it was answered with 404"),
        (500, Result.FAILED, "it was answered with 500"),
        (502, Result.UNKNOWN, "a gateway had no answer"),
        (504, Result.UNKNOWN, "a gateway had no answer"),
    ],
)
async def test_a_status_tells_how_it_ended(
    configured: Configured, base: str, status: int, result: Result, words: str
) -> None:
    outcome = await done(configured.one(asking(f"{base}/x?answer={status}")), subject())
    assert (outcome.result, outcome.count) == (result, int(result is Result.DONE))
    assert words in outcome.words
    assert len(CALLS) == 1


async def test_no_answer_in_time_is_unknown_and_not_sent_again(configured: Configured, base: str) -> None:
    custom = configured.one(asking(f"{base}/x?answer=0") + '\ntimeout = "500ms"')
    with pytest.raises(SourceError, match=r"no answer in 0\.5 s"):
        await done(custom, subject())
    assert len(CALLS) == 1


async def test_nobody_there_is_failed_since_nothing_was_sent(configured: Configured) -> None:
    with pytest.raises(RefusedError, match="nothing was sent: refused"):
        await done(configured.one(asking("http://127.0.0.1:1/x")), subject())


async def test_a_request_that_is_stopped_is_not_waited_for(configured: Configured, base: str) -> None:
    custom = configured.one(asking(f"{base}/x?answer=0"))
    made, control = await plan(custom, subject()), Stoppable()
    task = asyncio.create_task(run(custom, subject(), made, control))
    await wait_until_async(lambda: CALLS, 10, "it was sent")
    control.stop()
    outcome = await task
    assert outcome.result is Result.UNKNOWN
    assert "its answer was not waited for" in outcome.words


async def test_a_variable_may_name_the_server(configured: Configured, base: str) -> None:
    configured.environ["FLAGS"] = base
    custom = configured.one(asking("${FLAGS}/off"))
    made = await plan(custom, subject())
    assert made.sample == (f"POST {base}/off",)
    assert (await run(custom, subject(), made)).result is Result.DONE
