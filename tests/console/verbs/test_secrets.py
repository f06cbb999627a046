"""No verb ever prints or keeps a secret, whatever goes wrong."""

import json
import re
from pathlib import Path

import pytest

from console.cli import run
from tests.console.verbs.shop import collector, configuration
from tests.project.program import Running, quarterdeck, write
from tests.servers.fixtures import MakeValkey
from tests.servers.waiting import wait_until

SECRET = "Zr7hunter2Qx9"
"""Stands in every place where a secret can; its head alone would be too much as well."""

URLS = (
    f"redis://app:{SECRET}@127.0.0.1:1/0",
    f"redis://:{SECRET}@127.0.0.1:1/0",
    f"rediss://app:{SECRET}@127.0.0.1:1/0",
    f"redis+sentinel://app:{SECRET}@127.0.0.1:1/main",
    f"postgres://app:{SECRET}@127.0.0.1:1/shop",
    f"postgres://app@127.0.0.1:1/shop?password={SECRET}",
    f"http://app:{SECRET}@127.0.0.1:1/readyz",
    f"http://127.0.0.1:1/readyz?token={SECRET}",
    f"https://app:{SECRET}@127.0.0.1:1/readyz",
)
WRONG = (
    f"gopher://app:{SECRET}@127.0.0.1:1/",
    f"redis://app:{SECRET}@127.0.0.1:port/0",
    f"redis://app:{SECRET}@[::1/0",
    f"postgres://app:{SECRET}@127.0.0.1:99999/shop",
    f"tcp://app:{SECRET}@127.0.0.1",
    f"http://app:{SECRET}@/readyz",
)


def keeps_it(*texts: str) -> None:
    for text in texts:
        assert SECRET not in text
        assert SECRET[:8] not in text


def nothing_on_disk(folder: Path, *but: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and path not in but:
            assert SECRET[:8].encode() not in path.read_bytes(), path


def test_urls_on_the_command_line_are_told_without_their_passwords(tmp_path: Path) -> None:
    names = {f"TARGET_{number}": url for number, url in enumerate(URLS)}
    for done in (
        quarterdeck("check", *URLS, home=tmp_path),
        quarterdeck("check", "--json", *(f"env:{name}" for name in names), home=tmp_path, env=names),
    ):
        assert done.code == 2
        assert done.out.count("127.0.0.1") > len(URLS)
        keeps_it(done.out, done.err)
    nothing_on_disk(tmp_path)


@pytest.mark.parametrize("way", ["argument", "variable"])
@pytest.mark.parametrize("url", WRONG, ids=range(len(WRONG)))
def test_a_url_that_is_none_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, way: str
) -> None:
    monkeypatch.setenv("TARGET", url)
    code = run(["check", url if way == "argument" else "env:TARGET"])
    done = capsys.readouterr()
    assert code in (2, 3, 64, 78)
    assert done.err
    keeps_it(done.out, done.err)


def test_a_password_among_the_arguments_is_warned_of(tmp_path: Path) -> None:
    done = quarterdeck("check", URLS[0], home=tmp_path)
    assert "can be read by every user of this machine" in done.err
    assert "env:NAME" in done.err


VERBS = (
    ("check",),
    ("check", "--json"),
    *(("show", practice) for practice in ("health", "queues", "caches", "pools")),
    ("doctor",),
    ("mark", "deploy"),
    ("config", "show"),
    ("config", "show", "--json"),
    ("config", "validate"),
    ("config", "keys"),
    ("record", "--for", "2s"),
    (),
)
"""All verbs that read a configuration."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of one's own, for verbs that run in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    return tmp_path


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_no_verb_tells_the_secrets_of_a_configuration(
    home: Path, make_valkey: MakeValkey, capfd: pytest.CaptureFixture[str], verb: tuple[str, ...]
) -> None:
    server = make_valkey(password=SECRET)
    kept = [
        write(home / "url", server.url),
        configuration(
            home,
            collector("right", "caches.redis", server.url),
            collector("wrong", "caches.redis", f"redis://app:{SECRET}no@127.0.0.1:{server.port}/0"),
            collector("jobs", "queues.rq", f"redis://:{SECRET}@127.0.0.1:1/0", act_url=f'"{server.url}"'),
            collector("ready", "health.http", f"http://127.0.0.1:1/readyz?api_key={SECRET}"),
            f'headers = {{ Authorization = "Bearer {SECRET}" }}\n',
            collector("pool", "pools.postgres", f"postgres://app:{SECRET}@127.0.0.1:1/shop"),
            '[collectors.file]\ntype = "caches.redis"\nurl_file = "url"\n',
        ),
    ]
    code = run(verb)
    done = capfd.readouterr()
    assert code in (0, 1, 2, 3, 64), done
    keeps_it(done.out, done.err)
    nothing_on_disk(home, *kept)
    if verb == ("check", "--json"):
        assert {one["collector"] for one in json.loads(done.out)["readings"]} == {"right", "ready", "file"}


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_a_configuration_full_of_mistakes_tells_them_without_the_secrets(
    home: Path, capfd: pytest.CaptureFixture[str], verb: tuple[str, ...]
) -> None:
    path = configuration(
        home,
        collector("one", "caches.redis", f"redis://app:{SECRET}@host:port/0"),
        collector("two", "caches.redis", f"app:{SECRET}@host", separators="3"),
        f'[collectors.three]\ntype = "pools.postgres"\nurl = ["{SECRET}"]\n',
        f'[collectors.four]\ntype = "health.http"\nurl = "http://x/"\nheaders = {{ A = ["{SECRET}"] }}\n',
        '[collectors.five]\ntype = "caches.redis"\n',
        f'url_command = ["sh", "-c", "echo {SECRET}; exit 3"]\n',
    )
    assert run(verb) == (1 if verb == ("doctor",) else 78)
    done = capfd.readouterr()
    for name in ("two", "three", "four", "five"):
        assert f"collectors.{name}." in done.out + done.err
    keeps_it(done.out, done.err)
    nothing_on_disk(home, path)


def test_lines_for_people_and_recordings_keep_it_too(tmp_path: Path, make_valkey: MakeValkey) -> None:
    server = make_valkey(password=SECRET)
    path = configuration(tmp_path, collector("right", "caches.redis", server.url))
    with Running("--plain", home=tmp_path) as running:
        wait_until(lambda: re.search("caches: (ok|no limit)", running.out), 20, "a line")
        done = running.end()
    keeps_it(done.out, done.err)
    nothing_on_disk(tmp_path, path)
