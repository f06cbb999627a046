from typing import Any

import pytest

from console.settings import ConsoleSettings, Container, Pod, Server, Service
from console.settings.keys import canonical_key


def test_console_and_its_standards(place: Any) -> None:
    assert place.load("").console == ConsoleSettings()
    place.environ["QUARTERDECK_OPERATOR"] = "kim"
    settings = place.load(
        '[console]\nname = "shop"\nenvironment = "lab"\ntheme = "light"\nmouse = false\n'
        'low_bandwidth = false\nretention = "2h"\n'
    )
    assert settings.console == ConsoleSettings("shop", "lab", "light", False, False, 7200.0, "kim")
    assert (settings.name, settings.environment) == ("shop", "lab")


def test_flags_beat_the_file_and_the_environment(place: Any) -> None:
    place.environ["QUARTERDECK_OPERATOR"] = "kim"
    overrides = {"theme": "dark", "operator": "sam"}
    settings = place.load('[console]\ntheme = "light"\nname = "n"\n', overrides=overrides)
    assert (settings.console.theme, settings.console.operator, settings.name) == ("dark", "sam", "n")


def test_the_name_is_the_files_where_there_is_none(place: Any) -> None:
    assert place.load("").name == "quarterdeck"


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ('[console]\nthem = "dark"', "console.them", "did you mean 'theme'?"),
        ('[console]\ntheme = "drak"', "console.theme", "did you mean 'dark'?"),
        ('[console]\nmouse = "yes"', "console.mouse", "write mouse = true"),
        ('[console]\nretention = "1s"', "console.retention", 'write it like "6h"'),
        ("[console]\nenvironment = 1", "console.environment", 'write environment = "production"'),
        ("console = 1", "console", "write it as [table] or { key = value }"),
        ('[services.a]\ndepends_no = ["b"]', "services.a.depends_no", "did you mean 'depends_on'?"),
        ('[services.a]\ndepends_on = "b"', "services.a.depends_on", 'write depends_on = ["…"]'),
        ("[services.a]\nquorum = 1", "services.a.quorum", "lower it, or list all instances"),
        ('[services.a]\ninstances = ["b"]\nquorum = 0', "services.a.quorum", "write quorum = 1 or more"),
        ('[services.a]\ninstances = ["b", "b"]\nquorum = 2', "services.a.instances", ""),
        ('[services.a]\ndepends_on = ["a"]', "services.a.depends_on", "take one of them out"),
        (
            (
                '[services.a]\ndepends_on = ["b"]\n[services.b]\ndepends_on = ["c"]\n'
                '[services.c]\ndepends_on = ["a"]'
            ),
            "services.c.depends_on",
            "take one of them out",
        ),
        ("[servers.a]", "servers.a", 'set host = "…", or kube or docker'),
        ('[servers.a]\nhost = "-oProxyCommand=x"', "servers.a.host", ""),
        ('[servers.a]\nhost = "a b"', "servers.a.host", ""),
        ('[servers.a]\nhost = ""', "servers.a.host", ""),
        ('[servers.a]\nhots = "b"\nhost = "c"', "servers.a.hots", "did you mean 'host'?"),
        ('[servers.a]\nhost = "b"\nuser = "-l"', "servers.a.user", ""),
        ('[servers.a]\nhost = "b"\nport = 70000', "servers.a.port", ""),
        ('[servers.ab]\nhost = "b"\njump = "abc"', "servers.ab.jump", "did you mean 'ab'?"),
        ('[servers.a]\nhost = "b"\njump = "a"', "servers.a.jump", "take one of them out"),
        (
            '[servers.a]\nhost = "b"\noptions = { StrictHostKeyChecking = "no" }',
            None,
            "accept them once with ssh",
        ),
        ('[servers.a]\nhost = "b"\noptions = { ProxyCommand = "x" }', None, "use jump"),
        ('[servers.a]\nhost = "b"\noptions = { "a b" = 1 }', None, "see man ssh_config"),
        ('[servers.a]\nhost = "b"\noptions = { Port = [] }', None, "write Port"),
        ('[servers.a]\nhost = "b"\ndocker = { container = "c" }', "servers.a.docker", "keep one of them"),
        ('[servers.a]\nuser = "b"\nkube = { target = "c" }', "servers.a.user", "take it out"),
        ('[servers.a]\nkube = { container = "c" }', "servers.a.kube", ""),
        ('[servers.a]\nkube = { target = "--x" }', "servers.a.kube.target", ""),
        ("[servers.a]\ndocker = {}", "servers.a.docker", ""),
        ("[servers.a]\ndocker = 1", "servers.a.docker", "write it as [table] or { key = value }"),
    ],
)
def test_sections_are_strict(place: Any, text: str, key: str | None, remedy: str) -> None:
    problem = place.problem(text)
    assert key is None or problem.key == key
    assert remedy in str(problem.remedy)


def test_services(place: Any) -> None:
    settings = place.load(
        '[services.a]\ndepends_on = ["b"]\ninstances = ["w-[1-3]"]\nquorum = 2\n[services.b]'
    )
    assert settings.services == {"a": Service("a", ("b",), ("w-1", "w-2", "w-3"), 2), "b": Service("b")}
    assert settings.warnings == ()


def test_servers(place: Any) -> None:
    settings = place.load(
        '[servers.a]\nhost = "h"\nuser = "u"\nport = 22\njump = "b"\n'
        "options = { ConnectTimeout = 5, Compression = true }\n"
        '[servers.b]\nhost = "jump"\n'
        '[servers.k]\nkube = { target = "deploy/x", namespace = "n", container = "c", context = "x" }\n'
        '[servers.d]\ndocker = { container = "c" }\n'
    )
    options = (("ConnectTimeout", "5"), ("Compression", "yes"))
    assert settings.servers == {
        "a": Server("a", "h", "u", 22, "b", options),
        "b": Server("b", "jump"),
        "k": Server("k", kube=Pod("deploy/x", "c", "n", "x")),
        "d": Server("d", docker=Container("c")),
    }


KNOWN = {"app.quit": ("q",), "app.help": ("question_mark", "f1"), "app.copy": ("y",), "app.logs": ("L",)}


def test_keys_are_bound_anew(place: Any) -> None:
    settings = place.load('[keys]\n"app.quit" = "ctrl+x"\n"app.copy" = ["c", "f5"]\n', keys=KNOWN)
    assert settings.keys == {"app.quit": ("ctrl+x",), "app.copy": ("c", "f5")}


def test_an_action_needs_no_quotes(place: Any) -> None:
    assert place.load('[keys]\napp.quit = "x"\n[keys.go]\nfleet = "F"').keys == {
        "app.quit": ("x",),
        "go.fleet": ("F",),
    }


def test_two_actions_may_change_places(place: Any) -> None:
    assert place.load('[keys]\n"app.quit" = "y"\n"app.copy" = "q"\n', keys=KNOWN).keys


def test_a_clash_names_the_other_action(place: Any) -> None:
    problem = place.problem('[keys]\n"app.copy" = "?"\n', keys=KNOWN)
    assert problem.message == "'question_mark' is bound to app.help as well"
    problem = place.problem('[keys]\n"app.copy" = "x"\n"app.logs" = ["x", "X"]\n', keys=KNOWN)
    assert (problem.line, problem.message) == (3, "'x' is bound to app.copy as well")


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ('"app.quitt" = "x"', 'keys."app.quitt"', "did you mean 'app.quit'?"),
        ('"app.quit" = "ctrl-x"', 'keys."app.quit"', "write it like"),
        ('"app.quit" = ""', 'keys."app.quit"', "write it like"),
        ('"app.quit" = 5', 'keys."app.quit"', "write"),
        ('"app.quit" = ["x", 5]', 'keys."app.quit"[1]', "write"),
        ('app.quitt = "x"', "keys.app.quitt", "did you mean 'app.quit'?"),
    ],
)
def test_keys_are_strict(place: Any, text: str, key: str, remedy: str) -> None:
    problem = place.problem(f"[keys]\n{text}", keys=KNOWN)
    assert problem.key == key
    assert remedy in str(problem.remedy)


def test_without_a_table_keys_are_checked_for_their_shape(place: Any) -> None:
    assert place.load('[keys]\nanything = "x"').keys == {"anything": ("x",)}


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("x", "x"),
        ("X", "X"),
        ("/", "slash"),
        ("slash", "slash"),
        ("?", "question_mark"),
        ("question_mark", "question_mark"),
        ("+", "plus"),
        ("plus", "plus"),
        ("-", "minus"),
        ("ctrl+r", "ctrl+r"),
        ("Ctrl+R", "ctrl+r"),
        ("shift+ctrl+f5", "ctrl+shift+f5"),
        ("ctrl++", None),
        ("Escape", "escape"),
        ("é", "é"),
        ("left_square_bracket", "left_square_bracket"),
        ("[", "left_square_bracket"),
        ("hyper+x", None),
        ("ctrl+", None),
        ("", None),
        (" ", None),
        ("\x1b", None),
        ("f25", None),
        ("xx", None),
    ],
)
def test_one_spelling_for_each_key(key: str, name: str | None) -> None:
    assert canonical_key(key) == name


def test_every_key_of_the_console_has_one() -> None:
    from console.keys import defaults

    for action, keys in defaults().items():
        assert all(canonical_key(key) for key in keys), action
