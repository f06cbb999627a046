import os
import time
from pathlib import Path
from typing import Any

import pytest

from console.settings import changed
from tests.servers.waiting import wait_until

HEAD = '[collectors.x]\ntype = "health.sample"\n'
PLAIN = HEAD + 'url = "http://x"\n'


def token(place: Any, text: str) -> str:
    (one,) = place.load(PLAIN + text).collectors
    secret: str = one.options.token.reveal()
    return secret


def program(place: Any, script: str, name: str = "secret") -> Path:
    path: Path = place.write(f"#!/bin/sh\n{script}\n", name, 0o700)
    return path


def test_a_secret_from_a_variable(place: Any) -> None:
    place.environ["TOKEN"] = "s3cret$"
    settings = place.load(PLAIN + 'token = "${TOKEN}"')
    assert settings.collectors[0].options.token.reveal() == "s3cret$"
    assert settings.warnings == ()
    assert "s3cret" not in repr(settings)


def test_a_secret_from_a_file_beside_the_configuration(place: Any) -> None:
    place.write("s3cret\n", "run/token")
    assert token(place, 'token_file = "run/token"') == "s3cret"


def test_a_rotated_secret_file_is_a_change(place: Any) -> None:
    place.write("one\n", "token")
    settings = place.load(PLAIN + 'token_file = "token"')
    assert not changed(settings)
    place.write("two!\n", "token")
    assert changed(settings)


def test_a_url_from_a_file(place: Any) -> None:
    place.write("redis://:pw@h/0\n", "url")
    (one,) = place.load(HEAD + 'url_file = "url"').collectors
    assert one.options.url.reveal() == "redis://:pw@h/0"


def test_a_secret_from_a_command_runs_once_and_without_a_shell(place: Any) -> None:
    count = place.folder / "count"
    script = program(place, f'echo run >> {count}; printf "%s\\n" "$1-$MARK"')
    place.environ["MARK"] = "m"
    text = f'token_command = ["{script}", "$(date) ; *"]\n'
    settings = place.load(PLAIN + text + PLAIN.replace("collectors.x", "collectors.y") + text)
    assert [one.options.token.reveal() for one in settings.collectors] == ["$(date) ; *-m"] * 2
    assert count.read_text() == "run\n"


def test_a_command_for_each_instance(place: Any) -> None:
    script = program(place, 'echo "http://$1"')
    settings = place.load(HEAD + f'instances = ["a", "b"]\nurl_command = ["{script}", "{{instance}}"]')
    assert [one.options.url.reveal() for one in settings.collectors] == ["http://a", "http://b"]


def test_a_command_has_no_terminal_to_prompt_on(place: Any) -> None:
    script = program(place, "if (: < /dev/tty) 2>/dev/null; then echo tty; else cat; echo none; fi")
    assert token(place, f'token_command = ["{script}"]') == "none"


def test_a_command_that_hangs_is_ended_with_its_children(place: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("console.settings.secrets.COMMAND_LIMIT", 1.0)
    pid = place.folder / "pid"
    script = program(place, f"sleep 60 & echo $! > {pid}; sleep 60")
    began = time.monotonic()
    problem = place.problem(PLAIN + f'token_command = ["{script}"]')
    assert time.monotonic() - began < 30
    assert (problem.line, problem.key) == (4, "collectors.x.token_command")
    assert "gave no secret within 1 s" in problem.message
    status = Path(f"/proc/{pid.read_text().strip()}/stat")

    def is_gone() -> bool:
        try:
            return status.read_text().split()[2] in "ZX"
        except OSError:
            return True

    wait_until(is_gone, 10, "the child's end")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo no such entry >&2; exit 3", "ended with status 3: no such entry"),
        ("echo; echo two", "more than one line"),
        ("printf ''", "empty secret"),
        ("printf '\\033[2J'", "no text"),
        ("printf '\\377'", "no text"),
        ("kill -9 $$", "ended with status -9"),
    ],
)
def test_a_command_that_fails_is_a_mistake_at_its_line(place: Any, script: str, message: str) -> None:
    path = program(place, script)
    problem = place.problem(PLAIN + f'token_command = ["{path}"]')
    assert (problem.line, problem.key) == (4, "collectors.x.token_command")
    assert message in problem.message


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ('token_command = ["/none/there"]', "token_command", "cannot be run"),
        ('token_command = ["a\\u0000b"]', "token_command", "cannot be run"),
        ('token_command = "pass show x"', "token_command", "must be a list of words"),
        ("token_command = []", "token_command", "must be a list of words"),
        ('token_file = "none"', "token_file", "cannot be read"),
        ('token_file = "."', "token_file", "Is a directory"),
        ("token_file = 1", "token_file", "must be a path"),
        ('token_file = "a"\ntoken = "${T}"', "token_file", "token and token_file set the same secret"),
        ('token_file = "${NONE}"', "token_file", "$NONE is not set"),
        ('token_command = ["x", "${NONE}"]', "token_command[1]", "$NONE is not set"),
        ('count_file = "a"', "count_file", "unknown key"),
    ],
)
def test_secrets_that_cannot_be_had(place: Any, text: str, key: str, message: str) -> None:
    place.environ["T"] = "t"
    place.write("s\n", "a")
    problem = place.problem(PLAIN + text)
    assert problem.key == f"collectors.x.{key}"
    assert message in problem.message


def test_a_url_that_cannot_be_had_is_not_missing_as_well(place: Any) -> None:
    problem = place.problem(HEAD + 'url_file = "none"')
    assert problem.key == "collectors.x.url_file"


def test_a_secret_file_that_all_may_write_is_refused(place: Any) -> None:
    place.write("s\n", "a", 0o666)
    assert "may be written by others" in place.problem(PLAIN + 'token_file = "a"').message


def test_a_nearer_secret_replaces_a_default_one(place: Any) -> None:
    place.write("mine\n", "mine")
    place.environ["T"] = "theirs"
    default = '[defaults."health.sample"]\ntoken = "${T}"\n'
    (one,) = place.load(default + PLAIN + 'token_file = "mine"').collectors
    assert one.options.token.reveal() == "mine"
    default = '[defaults."health.sample"]\ntoken_file = "mine"\n'
    (one,) = place.load(default + PLAIN + 'token = "${T}"').collectors
    assert one.options.token.reveal() == "theirs"


INLINE = [
    (PLAIN + 'token = "hunter2"', "collectors.x.token"),
    (HEAD + 'url = "redis://:hunter2@h"', "collectors.x.url"),
    (HEAD + 'url = "redis://u:hunter2@${H:-h}"', "collectors.x.url"),
    (HEAD + 'url = "http://h/?token=hunter2"', "collectors.x.url"),
    (PLAIN + 'headers = { Authorization = "Bearer hunter2" }', "collectors.x.headers.Authorization"),
    (f'[defaults."health.sample"]\ntoken = "hunter2"\n{PLAIN}', 'defaults."health.sample".token'),
]


@pytest.mark.parametrize(("text", "key"), INLINE)
def test_a_secret_in_the_file_warns_and_nobody_else_may_read_it(place: Any, text: str, key: str) -> None:
    (warning,) = place.load(text).warnings
    assert f" {key}: a secret stands in the file" in warning
    assert "hunter2" not in warning

    path = place.write(text, mode=0o640)
    problem = place.problem()
    assert problem.key == key
    assert str(problem.remedy).startswith(f"chmod 600 {path}")
    assert "hunter2" not in str(problem)


def test_a_labs_own_passwords_are_worth_no_warning_and_yet_private(place: Any) -> None:
    text = '[console]\nenvironment = "lab"\n' + INLINE[0][0]
    assert place.load(text).warnings == ()
    place.write(text, mode=0o640)
    assert place.problem().key == INLINE[0][1]


@pytest.mark.parametrize(
    "text",
    [
        PLAIN + 'token = "${TOKEN}"',
        HEAD + 'url = "redis://u:${TOKEN}@h"',
        HEAD + 'url = "redis://u@h"',
        HEAD + 'url = "http://h:80/a@b?x=1"',
        PLAIN + 'headers = { Accept = "text/plain" }',
        PLAIN + 'headers = { Authorization = "Bearer ${TOKEN}" }',
    ],
)
def test_what_holds_no_secret_may_be_read_by_all(place: Any, text: str) -> None:
    place.environ["TOKEN"] = "t"
    place.write(text, mode=0o644)
    assert place.load().warnings == ()


def test_no_message_ever_holds_a_secret(place: Any) -> None:
    place.environ |= {"PW": "hunter2", "URL": "hunter2-no-scheme"}
    found = place.problems(
        f'{HEAD}url = "${{URL}}"\ncount = "x"\ntoken = ["${{PW}}"]\nheaders = {{ K = ["${{PW}}"] }}\n'
    )
    assert [one.key for one in found] == [
        f"collectors.x.{key}" for key in ("url", "count", "token", "headers.K")
    ]
    assert all("hunter2" not in str(one) for one in found)


@pytest.mark.skipif(os.geteuid() != 0, reason="root reads everything")
def test_root_may_read_secrets_of_others(place: Any) -> None:
    path = place.write("s\n", "a", 0o400)
    os.chown(path, 12345, -1)
    assert token(place, 'token_file = "a"') == "s"


def test_a_secret_file_that_is_none_at_all(place: Any) -> None:
    place.write("x" * 70_000, "large")
    assert "too large for a secret" in place.problem(PLAIN + 'token_file = "large"').message
    assert "is not a file" in place.problem(PLAIN + 'token_file = "/dev/null"').message
