"""What a verb costs to start: which modules it loads, looked at in a process of its own."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.program import environment, write

OURS = ("console", "widgets", "collectors")
SCREEN = {"textual", "plotext"}
LOOK = """
import json, sys
before = set(sys.modules)
answer, *arguments = sys.argv[1:]
if arguments:
    from console.__main__ import main
    sys.argv = ["quarterdeck", *arguments]
    code = main()
else:
    import console.cli
    code = 0
with open(answer, "w") as file:
    json.dump([code, sorted(set(sys.modules) - before)], file)
"""


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def loaded(home: Path, *arguments: str | Path, code: int = 0) -> set[str]:
    """The modules that the verb leaves behind; its exit status must be `code`."""
    answer = home / "modules.json"
    subprocess.run(
        [sys.executable, "-c", LOOK, str(answer), *map(str, arguments)],
        cwd=home,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=60,
    )
    got, names = json.loads(answer.read_text())
    assert got == code
    return set(names)


def tops(modules: set[str]) -> set[str]:
    """Top-level packages that are neither Python's nor ours."""
    found = {name.partition(".")[0] for name in modules}
    return found - sys.stdlib_module_names - set(OURS)


def ours(modules: set[str]) -> set[str]:
    return {name for name in modules if name.partition(".")[0] in OURS}


def test_the_command_line_itself_needs_click_and_nothing_else(tmp_path: Path) -> None:
    modules = loaded(tmp_path)
    assert ours(modules) == {"console", "console.cli"}
    assert tops(modules) == {"click"}


def test_help_loads_few_modules_and_only_the_names_of_our_packages(tmp_path: Path) -> None:
    modules = loaded(tmp_path, "--help")
    assert ours(modules) == {"collectors", "widgets", "console", "console.__main__", "console.cli"}
    assert tops(modules) == {"click"}
    assert len(modules) < 160, sorted(modules)


def test_check_loads_the_drivers_that_it_uses_and_no_screen(tmp_path: Path, port: int) -> None:
    config = write(
        tmp_path / "small.toml", f'[collectors.one]\ntype = "health.tcp"\nurl = "tcp://127.0.0.1:{port}"\n'
    )
    modules = loaded(tmp_path, "check", "--config", config)
    assert not SCREEN & tops(modules)
    assert not {"httpx", "redis", "asyncpg", "rich"} & tops(modules)
    unused = ("console.screens", "console.lab", "console.logs")
    assert not {name for name in ours(modules) if name.startswith(unused)}


def test_what_leads_to_servers_is_loaded_only_where_there_is_one(tmp_path: Path, port: int) -> None:
    source = f'[collectors.one]\ntype = "health.tcp"\nurl = "tcp://127.0.0.1:{port}"\n'
    config = write(tmp_path / "small.toml", source)
    pool, own = "collectors.transport.servers.pool", "collectors.transport.servers"
    without = ours(loaded(tmp_path, "check", "--config", config))
    assert {name for name in without if name.startswith(own)} == {own, f"{own}.spec", f"{own}.state"}
    config.write_text(source + '[servers.unused]\nhost = "web-1.invalid"\n')
    assert pool in loaded(tmp_path, "check", "--config", config)


def test_a_health_check_loads_no_other_driver(tmp_path: Path) -> None:
    url = "http://127.0.0.1:9/readyz"
    modules = loaded(tmp_path, "check", url, code=2)
    assert "httpx" in tops(modules)
    assert not (SCREEN | {"redis", "asyncpg"}) & tops(modules)


@pytest.mark.parametrize(
    ("verb", "code"),
    [
        (("config", "validate"), 0),
        (("config", "show"), 0),
        (("config", "keys"), 0),
        (("collectors",), 0),
        (("mark", "deploy"), 0),
        (("show", "health"), 0),
    ],
)
def test_verbs_without_a_screen_never_load_it(
    tmp_path: Path, port: int, verb: tuple[str, ...], code: int
) -> None:
    write(
        tmp_path / "quarterdeck.toml",
        f'[collectors.one]\ntype = "health.tcp"\nurl = "tcp://127.0.0.1:{port}"\n',
    )
    assert not SCREEN & tops(loaded(tmp_path, *verb, code=code))
