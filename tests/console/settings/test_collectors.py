from typing import Any

import pytest

from collectors.model.practice import Practice
from console.settings import Service

URL = 'type = "health.sample"\nurl = "http://x"\n'


def test_what_is_not_set_is_the_adapters_own(place: Any) -> None:
    (one,) = place.load(f"[collectors.x]\n{URL}").collectors
    assert (one.every, one.timeout, one.practice) == (7.0, 3.0, Practice.HEALTH)
    assert (one.enabled, one.service, one.instance, one.server, one.attribute) == (True, "", "", "", ())
    assert one.options.count == 3
    assert one.line == 1


def test_all_common_keys(place: Any) -> None:
    (one,) = place.load(
        f"""
        [collectors.x]
        {URL}
        service = "orders"
        instance = "web-1"
        every = "1m"
        timeout = 2.5
        enabled = false
        attribute = {{ "b*" = "two", "a*" = "one" }}
        """
    ).collectors
    assert (one.every, one.timeout, one.enabled) == (60.0, 2.5, False)
    assert (one.service, one.instance) == ("orders", "web-1")
    assert one.attribute == (("b*", "two"), ("a*", "one"))


def test_behind_a_server_the_standard_time_out_is_longer(place: Any) -> None:
    servers = '[servers.s]\nhost = "h"\n'
    (one,) = place.load(f'{servers}[collectors.x]\n{URL}server = "s"').collectors
    assert one.timeout == 5.0
    (one,) = place.load(f'{servers}[collectors.x]\n{URL}server = "s"\ntimeout = 1').collectors
    assert one.timeout == 1.0


def test_nearer_beats_farther(place: Any) -> None:
    settings = place.load(
        f"""
        [defaults."*"]
        every = "20s"
        timeout = "9s"
        count = 1
        [defaults."health.sample"]
        every = "30s"
        count = 2
        [collectors.a]
        {URL}
        [collectors.b]
        {URL}
        every = "40s"
        count = 3
        [collectors.tcp]
        type = "health.tcp"
        url = "tcp://x:1"
        """
    )
    a, b, tcp = settings.collectors
    assert (a.every, a.timeout, a.options.count) == (30.0, 9.0, 2)
    assert (b.every, b.timeout, b.options.count) == (40.0, 9.0, 3)
    assert (tcp.every, tcp.timeout) == (20.0, 9.0)


def test_a_mistake_in_a_default_is_told_once_where_it_stands(place: Any) -> None:
    problem = place.problem(
        f'[defaults."health.sample"]\nevery = "0s"\n[collectors.a]\n{URL}[collectors.b]\n{URL}'
    )
    assert (problem.line, problem.key) == (2, 'defaults."health.sample".every')
    problem = place.problem(
        f'[defaults."health.sample"]\ncount = "x"\n[collectors.a]\n{URL}[collectors.b]\n{URL}'
    )
    assert (problem.line, problem.key) == (2, 'defaults."health.sample".count')


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        (
            '[defaults."health.smaple"]\ncount = 1',
            'defaults."health.smaple"',
            "did you mean 'health.sample'?",
        ),
        ('[defaults."health.tcp"]\nslwo = 1', 'defaults."health.tcp".slwo', "did you mean 'slow'?"),
        ('[defaults."health.sample"]\ncuont = 1', 'defaults."health.sample".cuont', "did you mean 'count'?"),
        ('[defaults."*"]\nevry = "5s"', 'defaults."*".evry', "did you mean 'every'?"),
        ('[defaults."*"]\ntype = "health.sample"', 'defaults."*".type', "take it out"),
        ("[defaults]\nx = 1", "defaults.x", "write it as [table] or { key = value }"),
    ],
)
def test_defaults_are_as_strict(place: Any, text: str, key: str, remedy: str) -> None:
    found = place.problems(f"{text}\n[collectors.a]\n{URL}")
    assert (found[0].key, str(found[0].remedy)) == (key, remedy)


def test_each_instance_has_its_own_options(place: Any) -> None:
    settings = place.load(
        """
        [services.orders]
        instances = ["web-[08-10]", "db"]
        [servers.web-08]
        host = "a"
        [servers.web-09]
        host = "b"
        [servers.web-10]
        host = "c"
        [servers.db]
        host = "d"
        [collectors.x]
        type = "health.sample"
        service = "orders"
        server = "{instance}"
        url = "http://{instance}:8000/{instance}"
        names = ["{instance}-a", "b"]
        headers = { X = "${KEY}{instance}" }
        """.replace("${KEY}", "k")
    )
    assert [one.instance for one in settings.collectors] == ["web-08", "web-09", "web-10", "db"]
    assert [one.server for one in settings.collectors] == ["web-08", "web-09", "web-10", "db"]
    last = settings.collectors[-1]
    assert last.options.url.reveal() == "http://db:8000/db"
    assert last.options.names == ("db-a", "b")
    assert last.options.headers["X"].reveal() == "kdb"


def test_a_collector_of_a_service_with_instances_that_names_none_is_one(place: Any) -> None:
    settings = place.load(f'[services.o]\ninstances = ["a", "b"]\n[collectors.x]\n{URL}service = "o"')
    assert [one.instance for one in settings.collectors] == [""]


def test_own_instances_beat_the_services(place: Any) -> None:
    settings = place.load(
        '[services.o]\ninstances = ["a"]\n[collectors.x]\ntype = "health.sample"\nservice = "o"\n'
        'url = "http://{instance}"\ninstances = ["b", "c"]'
    )
    assert [one.instance for one in settings.collectors] == ["b", "c"]


def test_a_single_instance_is_put_in(place: Any) -> None:
    (one,) = place.load(
        '[collectors.x]\ntype = "health.sample"\ninstance = "w"\nurl = "http://{instance}"'
    ).collectors
    assert (one.instance, one.options.url.reveal()) == ("w", "http://w")


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ('url = "http://{instance}"', "url", "the collector has no service"),
        ('url = "http://{instance}"\nservice = "o"', "url", "service 'o' has none"),
        ('url = "http://x"\ninstances = ["a", "b"]', "instances", "all 2 would read the same source"),
        ('url = "http://{instance}"\ninstances = ["a-[2-1]"]', "instances", "counts down"),
        ('url = "http://{instance}"\ninstances = ["a"]\ninstance = "b"', "instance", "exclude each other"),
        ('url = "http://{instance}"\ninstances = "a"', "instances", "must be a list, not a string"),
        (
            'url = "http://{instance}"\ninstances = ["a", 1]',
            "instances[1]",
            "must be a string, not an integer",
        ),
    ],
)
def test_instances_that_cannot_be(place: Any, text: str, key: str, message: str) -> None:
    problem = place.problem(f'[collectors.x]\ntype = "health.sample"\n{text}')
    assert problem.key == f"collectors.x.{key}"
    assert message in problem.message


def test_a_mistake_in_every_instance_is_told_once(place: Any) -> None:
    problem = place.problem(
        '[collectors.x]\ntype = "health.sample"\nurl = "{instance}"\ninstances = ["a", "b"]\n'
    )
    assert "no scheme" in problem.message


def test_a_class_that_cannot_be_loaded_is_a_row_and_no_mistake(place: Any) -> None:
    broken, unusable, moody, fine = place.load(
        f"""
        [collectors.broken]
        type = "caches.broken"
        whatever = 1
        every = "9s"
        [collectors.broken.thresholds]
        hit_ratio = {{ warning = "50%" }}
        [collectors.unusable]
        type = "health.unusable"
        url = "x"
        [collectors.moody]
        type = "health.moody"
        url = "http://x"
        [collectors.fine]
        {URL}
        """
    ).collectors
    assert "its options failed: KeyError" in moody.load_error.why
    assert "acme 1.0" in broken.load_error.why
    assert (broken.options, broken.practice, broken.every) == (None, Practice.CACHES, 9.0)
    assert broken.thresholds["hit_ratio"].warning == 0.5
    assert "cannot be used" in unusable.load_error.why
    assert fine.load_error is None


@pytest.mark.parametrize(
    ("text", "key", "message", "remedy"),
    [
        ("", "url", "'url' is missing", "set url"),
        ('url = "x"', "url", "not a URL: it has no scheme such as https://", "correct url"),
        ('url = ""', "url", "must be a non-empty string", "correct url"),
        ("url = 5", "url", "must be a non-empty string, not an integer", "correct url"),
        ('count = "3"', "count", "must be an integer, not a string", "write count = 10"),
        ("count = 1.5", "count", "integer", ""),
        ("count = true", "count", "must be an integer, not true or false", "write count = 10"),
        ('share = "1"', "share", "must be a number, not a string", "write share = 0.5"),
        ('mode = "fats"', "mode", "must be 'fast' or 'careful', not 'fats'", "did you mean 'fast'?"),
        ('window = "soon"', "window", "must be a duration such as", "correct window"),
        ('room = "1 lump"', "room", "must be a size such as", "correct room"),
        ('names = "a"', "names", "not a string", 'write names = ["…"]'),
        ("names = [1]", "names[0]", "must be a string, not an integer", "correct names"),
        ('inner = { name = "n", wieght = 2 }', "inner.wieght", "unknown key 'wieght'", "take it out"),
        ("inner = { weight = 2 }", "inner", "'name' is missing", ""),
        ("headers = { X = 1 }", "headers.X", "must be a non-empty string", ""),
        ("cuont = 1", "cuont", "unknown key 'cuont'", "did you mean 'count'?"),
        ("token_fiel = 1", "token_fiel", "unknown key", "did you mean 'token_file'?"),
        ('depends_on = ["a"]', "depends_on", "unknown key", "set it in [services.NAME]"),
        ("low = 20", "", "low is above high", "swap the two"),
        ('every = "5 s ago"', "every", "must be a duration such as", ""),
        ("every = 0", "every", "must be at least 1s", ""),
        ("timeout = 0", "timeout", "must be at least 0.1s", ""),
        ("enabled = 1", "enabled", "must be true or false, not an integer", "write enabled = true"),
        ('service = "a b"', "service", "cannot be a name", ""),
        ('attribute = { "a" = 1 }', "attribute.a", "must be a service", ""),
        ("thresholds = 1", "thresholds", "must be a table, not an integer", ""),
        ('server = "none"', "server", "there is no server 'none'", "declare [servers.none]"),
        ("when = 1979-05-27", "when", "unknown key", ""),
    ],
)
def test_options_are_strict(place: Any, text: str, key: str, message: str, remedy: str) -> None:
    url = "" if text == "" or text.startswith("url") else 'url = "http://x"\n'
    problem = place.problem(f'[collectors.x]\ntype = "health.sample"\n{url}{text}')
    assert problem.key == "collectors.x" + (f".{key}" if key else "")
    assert message in problem.message
    assert str(problem.remedy).startswith(remedy) or remedy in str(problem.remedy)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[collectors.x]\nurl = 1", "collectors.x"),
        ("[collectors.x]\ntype = 1", "collectors.x.type"),
        ('[collectors.x]\ntype = "sample"', "collectors.x.type"),
        ("[collectors]\nx = 1", "collectors.x"),
        ("collectors = []", "collectors"),
        ('[collectors."a b"]\ntype = "health.sample"', 'collectors."a b"'),
        ('[collectors.x]\ntype = "${NONE}"', "collectors.x.type"),
        ("[questions]\na = 1", "questions.a"),
        ("[queries]\na = 1", "queries"),
        ("[collector.x]\na = 1", "collector"),
        ("name = 1", "name"),
    ],
)
def test_what_cannot_be_a_collector_is_one_mistake(place: Any, text: str, key: str) -> None:
    assert place.problem(text).key == key


def test_an_empty_variable_leaves_an_option_out(place: Any) -> None:
    place.environ["EMPTY"] = ""
    (one,) = place.load(f'[collectors.x]\n{URL}token = "${{EMPTY}}"\nmode = "${{NONE:-}}"').collectors
    assert (one.options.token, one.options.mode) == (None, "careful")
    problem = place.problem('[collectors.x]\ntype = "health.sample"\nurl = "${EMPTY}"')
    assert (problem.line, problem.message) == (3, "is left empty by its variable")


def test_files_are_found_beside_the_file_that_names_them(place: Any) -> None:
    place.write(
        f'[collectors.x]\n{URL}ca_file = "ca.pem"\nfolder = "f"\n'
        '[collectors.y]\ntype = "logs.file"\npath = "../app.jsonl"\n'
        '[collectors.z]\ntype = "logs.file"\npath = "logs/*.jsonl"\nserver = "s"\n',
        "sub/more.toml",
    )
    settings = place.load('include = ["sub/more.toml"]\n[servers.s]\nhost = "h"')
    x, y, z = settings.collectors
    assert x.options.ca_file == str(place.folder / "sub" / "ca.pem")
    assert x.options.folder == place.folder / "sub" / "f"
    assert y.options.path == str(place.folder / "sub" / ".." / "app.jsonl")
    assert z.options.path == "logs/*.jsonl"


def test_services_that_only_a_collector_names_are_there_too(place: Any) -> None:
    settings = place.load(
        f'[services.orders]\n[collectors.x]\n{URL}service = "ordres"\nattribute = {{ "a*" = "catalog" }}'
    )
    assert settings.services == {
        "orders": Service("orders"),
        "ordres": Service("ordres"),
        "catalog": Service("catalog"),
    }
    (warning,) = settings.warnings
    assert "service 'ordres' is not declared; did you mean 'orders'?" in warning


def test_what_a_broken_file_may_say_of_a_service_is_not_missed(place: Any) -> None:
    place.write("[services.o\n", "broken.toml")
    problem = place.problem(
        'include = ["broken.toml"]\n[collectors.x]\ntype = "health.sample"\nservice = "o"\n'
        'url = "http://{instance}"\n'
    )
    assert problem.file.endswith("broken.toml")
