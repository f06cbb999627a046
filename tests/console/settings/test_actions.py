"""`[actions.*]`: what they are, and what is refused before anybody can use it."""

from typing import Any

import pytest

from collectors.action import Risk
from collectors.model.practice import Practice
from collectors.secret import Secret

VALUES = {"subject": "mail", "service": "orders", "instance": "web-1", "collector": "jobs"}
JOBS = '[collectors.jobs]\ntype = "queues.sample"\nservice = "orders"\nurl = "http://q"\n'


def command(words: str, more: str = "") -> str:
    return f'{JOBS}[actions.x]\nrisk = "safe"\ntarget = "jobs/*"\ncommand = {words}\n{more}\n'


def request(fields: str) -> str:
    return f'{JOBS}[actions.x]\nrisk = "safe"\ntarget = "jobs/*"\nrequest = {{ {fields} }}\n'


def test_a_command(place: Any) -> None:
    place.environ["LEVEL"] = "7"
    settings = place.load(
        JOBS + '[actions.restart-worker]\nwords = "restart the worker"\nrisk = "disruptive"\n'
        'target = "jobs/mail*"\npractice = "queues"\nservice = "orders"\ntimeout = "90s"\n'
        'command = ["systemctl", "restart", "worker@{subject}", "{service}-${LEVEL}"]\n'
        'env = { REASON = "asked by {collector}" }\n'
    )
    action = settings.actions["restart-worker"]
    assert (action.id, action.words, action.risk) == (
        "custom.restart-worker",
        "restart the worker",
        Risk.DISRUPTIVE,
    )
    assert (action.target, action.practice, action.service) == ("jobs/mail*", Practice.QUEUES, "orders")
    assert (action.timeout, action.line) == (90.0, 5)
    assert [word.fill(VALUES) for word in action.command] == [
        "systemctl",
        "restart",
        "worker@mail",
        "orders-7",
    ]
    assert [(name, text.fill(VALUES)) for name, text in action.env] == [("REASON", "asked by jobs")]
    assert action.request is None
    assert settings.warnings == ()


def test_a_request(place: Any) -> None:
    place.environ |= {"FLAG_TOKEN": "hunter2", "FLAGS": "https://flags.internal"}
    text = (
        'method = "PUT", url = "${FLAGS}/off/{subject}?service={service}", ca_file = "ca.pem", '
        'headers = { Authorization = "Bearer ${FLAG_TOKEN}" }, body = \'{"by": "{collector}"}\''
    )
    settings = place.load(request(text))
    found = settings.actions["x"].request
    assert found is not None
    assert (found.method, found.encoding) == ("PUT", "json")
    assert found.url.fill(VALUES) == "https://flags.internal/off/mail?service=orders"
    assert [(name, value.fill({})) for name, value in found.headers] == [("Authorization", "Bearer hunter2")]
    assert found.body is not None
    assert found.body.fill(VALUES) == '{"by": "jobs"}'
    assert found.ca_file == str(place.folder / "ca.pem")
    assert settings.actions["x"].words == "x"
    assert "hunter2" not in repr(settings)


def test_standards(place: Any) -> None:
    action = place.load(request('url = "http://h/off"')).actions["x"]
    assert action.timeout == 30.0
    assert action.request is not None
    assert (action.request.method, action.request.body, action.request.encoding) == ("POST", None, "")


def test_a_variable_brings_in_no_place_and_no_second_variable(place: Any) -> None:
    place.environ |= {"A": "{subject}", "B": "${A}"}
    action = place.load(command('["echo", "${A}{subject}${B}$$x"]')).actions["x"]
    assert action.command[1].fill(VALUES) == "{subject}mail${A}$x"


def test_braces_that_are_no_places_stay(place: Any) -> None:
    action = place.load(command('["awk", "{print}", "$${subject}", "{}", "{Subject}"]')).actions["x"]
    assert [word.fill(VALUES) for word in action.command[1:]] == ["{print}", "${subject}", "{}", "{Subject}"]


def test_secrets_are_masked_by_the_names_of_their_variables(place: Any) -> None:
    place.environ |= {"API_KEY": "hunter2", "ZONE": "eu"}
    settings = place.load(
        command('["tell", "--key=${API_KEY}", "--zone=${ZONE}"]', 'env = { A = "${ZONE}" }')
    )
    action = settings.actions["x"]
    assert [str(word) for word in action.command] == ["tell", "--key=•••", "--zone=eu"]
    assert action.command[1].fill({}) == "--key=hunter2"
    assert action.command[1].secrets == (Secret("hunter2"),)
    assert str(action.env[0][1]) == "•••"
    [warning] = settings.warnings
    assert "actions.x.command[1]: a secret on a command line is seen by everybody" in warning


def test_a_path_of_a_program_is_beside_the_file(place: Any) -> None:
    action = place.load(command('["bin/restart", "a/b"]')).actions["x"]
    assert [word.fill({}) for word in action.command] == [str(place.folder / "bin/restart"), "a/b"]


@pytest.mark.parametrize(
    ("text", "key", "message", "remedy"),
    [
        ('target = "jobs/*"\ncommand = ["a"]', "x", "has no risk", "safe, disruptive, destructive"),
        ('risk = "sfe"\ntarget = "jobs/*"\ncommand = ["a"]', "x.risk", "none of", "did you mean 'safe'?"),
        ('risk = "safe"\ncommand = ["a"]', "x", "what it acts on", "target"),
        ('risk = "safe"\ntarget = ""\ncommand = ["a"]', "x.target", "fits nothing", "jobs"),
        (
            'risk = "safe"\npractice = "queue"\ncommand = ["a"]',
            "x.practice",
            "none of",
            "did you mean 'queues'?",
        ),
        ('risk = "safe"\nservice = "a b"\ncommand = ["a"]', "x.service", "cannot be a name", "no blanks"),
        ('risk = "safe"\ntarget = "jobs"', "x", "does nothing", "set command"),
        (
            'risk = "safe"\ntarget = "jobs"\ncommand = ["a"]\nrequest = { url = "http://h" }',
            "x.request",
            "two actions",
            "keep one of them",
        ),
        (
            'risk = "safe"\ntarget = "jobs"\nrequest = { url = "http://h" }\nenv = { A = "b" }',
            "x.env",
            "belongs to a command",
            "take it out",
        ),
        (
            'risk = "safe"\ntarget = "jobs"\ncomand = ["a"]\ncommand = ["a"]',
            "x.comand",
            "unknown",
            "'command'?",
        ),
        (
            'risk = "safe"\ntarget = "jobs"\nmax_items = 1\ncommand = ["a"]',
            "x.max_items",
            "unknown",
            "custom.x",
        ),
        (
            'risk = "safe"\ntarget = "jobs"\ntimeout = 0\ncommand = ["a"]',
            "x.timeout",
            "at least 0.1s",
            '"30s"',
        ),
        (
            'risk = "safe"\ntarget = "jobs"\ntimeout = "2h"\ncommand = ["a"]',
            "x.timeout",
            "longer than 3600s",
            "",
        ),
    ],
)
def test_actions_are_strict(place: Any, text: str, key: str, message: str, remedy: str) -> None:
    problem = place.problem(f"{JOBS}[actions.x]\n{text}\n")
    assert problem.key == f"actions.{key}"
    assert message in problem.message
    assert remedy in problem.remedy


def test_a_name_is_a_part_of_an_id(place: Any) -> None:
    problem = place.problem('[actions."a.b"]\nrisk = "safe"\n')
    assert (problem.key, problem.remedy) == ('actions."a.b"', "use letters, digits, - and _")


@pytest.mark.parametrize(
    ("words", "key", "message"),
    [
        ('"systemctl restart x"', "", "must be a list of words"),
        ("[]", "", "must be a list of words"),
        ('["a", 5]', "[1]", "must be a string, not an integer"),
        ('[""]', "[0]", "'' cannot be a program"),
        ('["-a"]', "[0]", "'-a' cannot be a program"),
        ('["a\\n"]', "[0]", "cannot be a program"),
        ('["~nobody-here/x"]', "[0]", "~nobody-here is nobody's home"),
        ('["{subject}"]', "[0]", "a subject cannot name the program"),
        ('["/bin/{service}"]', "[0]", "a subject cannot name the program"),
        ('["a", "{subjct}"]', "[1]", "{subjct} is no place"),
        ('["a", "${NONE}"]', "[1]", "$NONE is not set"),
        ('["a", "${X:-{subject}}"]', "[1]", "a place cannot stand in a variable's form"),
    ],
)
def test_commands_are_strict(place: Any, words: str, key: str, message: str) -> None:
    problem = place.problem(command(words))
    assert problem.key == f"actions.x.command{key}"
    assert message in problem.message


CODE = "reads this as code: a subject's name could be code there"
SHELL = "hands this to a shell or as more than one argument: a subject's name could be a command there"


@pytest.mark.parametrize(
    ("words", "position", "message"),
    [
        ('["sh", "-c", "restart {subject}"]', 2, f"sh {CODE}"),
        ('["/bin/bash", "-o", "pipefail", "-ec", "x {service}"]', 4, f"bash {CODE}"),
        ('["sudo", "-u", "app", "sh", "-c", "x {subject}"]', 5, f"sh {CODE}"),
        ('["docker", "exec", "x", "bash", "-lc", "y {subject}"]', 5, f"bash {CODE}"),
        ('["python3.11", "-c", "print(\'{subject}\')"]', 2, f"python3.11 {CODE}"),
        ('["perl", "-e", "{subject}"]', 2, f"perl {CODE}"),
        ('["su", "app", "-c", "x {subject}"]', 3, f"su {CODE}"),
        ('["su", "--command=x {subject}", "app"]', 1, f"su {CODE}"),
        ('["ssh", "web-1", "restart {subject}"]', 2, f"ssh {SHELL}"),
        ('["ssh", "web-1", "restart", "{service}"]', 3, f"ssh {SHELL}"),
        ('["ssh", "{subject}", "restart"]', 1, f"ssh {SHELL}"),
        ('["xargs", "echo", "{subject}"]', 2, f"xargs {SHELL}"),
        ('["bash", "{subject}"]', 1, "bash runs what this names: a subject cannot choose that"),
        ('["python", "-m", "{subject}"]', 2, "python runs what this names: a subject cannot choose that"),
    ],
)
def test_what_is_read_as_code_takes_no_places(place: Any, words: str, position: int, message: str) -> None:
    problem = place.problem(command(words))
    assert problem.key == f"actions.x.command[{position}]"
    assert problem.message == message
    assert "its argument" in problem.remedy


@pytest.mark.parametrize(
    "words",
    [
        '["sh", "-c", "restart \\"$1\\"", "restart", "{subject}"]',
        '["/opt/restart.sh", "{subject}"]',
        '["bash", "/opt/restart.sh", "{subject}"]',
        '["python3", "tool.py", "-e", "{subject}"]',
        '["kubectl", "drain", "node", "{subject}"]',
        '["ssh", "{instance}", "systemctl", "restart", "worker"]',
        '["ssh", "-p", "22", "-v", "app@{instance}", "restart"]',
        '["grep", "-e", "{subject}", "/etc/hosts"]',
    ],
)
def test_what_is_an_argument_takes_them(place: Any, words: str) -> None:
    assert place.load(command(words)).actions["x"].command


@pytest.mark.parametrize(
    ("env", "key", "message"),
    [
        ('{ "A-B" = "c" }', ".A-B", "cannot be a variable"),
        ("{ A = 5 }", ".A", "must be a string"),
        ('"A=b"', "", "must be a table"),
        ('{ A = "{sevice}" }', ".A", "{sevice} is no place"),
    ],
)
def test_variables_are_strict(place: Any, env: str, key: str, message: str) -> None:
    problem = place.problem(command('["a"]', f"env = {env}"))
    assert problem.key == f"actions.x.env{key}"
    assert message in problem.message


@pytest.mark.parametrize(
    ("fields", "key", "message", "remedy"),
    [
        ('method = "POST"', "", "has no url", "set url"),
        ("url = 5", ".url", "must be a string", ""),
        ('url = "flags.internal/off"', ".url", "must be a URL of HTTP", "https://host/path"),
        ('url = "redis://h/0"', ".url", "must be a URL of HTTP", "https://host/path"),
        ('url = "https://[h/"', ".url", "its host cannot be read", "https://host/path"),
        ('url = "https://{service}.internal/off"', ".url", "a subject cannot choose", "path and the query"),
        ('url = "https://{service}/off"', ".url", "a subject cannot choose the server", ""),
        ('url = "https://h{service}/off"', ".url", "a subject cannot choose the server", ""),
        ('url = "https://h:{service}/off"', ".url", "a subject cannot choose the server", ""),
        ('url = "https://{service}@h/off"', ".url", "a subject cannot choose the server", ""),
        ('url = "https://h\\\\{service}/off"', ".url", "a subject cannot choose the server", ""),
        ('url = "{service}://h/off"', ".url", "a subject cannot choose the server", ""),
        ('url = "https://h/a#{service}"', ".url", "never sent", ""),
        ('url = "https://h/a/../{service}"', ".url", "a path with . or ..", ""),
        ('url = "https://h/{srvice}"', ".url", "{srvice} is no place", "did you mean {service}?"),
        ('url = "http://h", method = "TRACE"', ".method", "none of POST", ""),
        ('url = "http://h", method = "post"', ".method", "none of POST", "POST, PUT"),
        ('url = "http://h", metod = "POST"', ".metod", "unknown key", "did you mean 'method'?"),
        ('url = "http://h", timeout = "5s"', ".timeout", "unknown key", "set it beside request"),
        ('url = "http://h", headers = { "A:" = "b" }', '.headers."A:"', "cannot be set", "leave it out"),
        ('url = "http://h", headers = { Host = 5 }', ".headers.Host", "must be a string", ""),
        ('url = "http://h", headers = { TE = "5" }', ".headers.TE", "cannot be set", ""),
        ('url = "http://h", headers = { A = "b\\r\\nC: d" }', ".headers.A", "control character", "remove it"),
        ('url = "http://h", method = "GET", body = "a"', ".body", "GET has no body", ""),
        ("url = \"http://h\", body = '{\"a\": {subject}}'", ".body", "is not JSON", "must stand in quotes"),
        ("url = \"http://h\", body = '{\"a\": 1,}'", ".body", "is not JSON", "correct it"),
        ('url = "http://h", body = "off {subject}"', ".body", "neither", "Content-Type"),
        (
            'url = "http://h", headers = { Content-Type = "text/plain" }, body = "off {subject}"',
            ".body",
            "neither",
            "Content-Type",
        ),
    ],
)  # fmt: skip
def test_requests_are_strict(place: Any, fields: str, key: str, message: str, remedy: str) -> None:
    problem = place.problem(request(fields))
    assert problem.key == f"actions.x.request{key}"
    assert message in problem.message
    assert remedy in problem.remedy


def test_a_body_is_json_or_a_form_or_has_no_places(place: Any) -> None:
    def encoding(fields: str) -> str:
        found = place.load(request(f'url = "http://h", {fields}')).actions["x"].request
        assert found is not None
        text: str = found.encoding
        return text

    assert (
        encoding('headers = { content-type = "application/merge-patch+json" }, body = \'"{subject}"\'')
        == "json"
    )
    form = 'headers = { Content-Type = "application/x-www-form-urlencoded" }'
    assert encoding(f'{form}, body = "service={{service}}"') == "form"
    assert encoding('body = "off"') == ""


def test_secrets_that_stand_in_the_file_are_told(place: Any) -> None:
    text = request('url = "http://kim:hunter2@h", headers = { X-Api-Key = "hunter2" }')
    place.write(text, mode=0o644)
    found = place.problems()
    assert [one.key for one in found] == ["actions.x.request.headers.X-Api-Key", "actions.x.request.url"]
    assert "hunter2" not in str(found)
    place.write(text, mode=0o600)
    assert len(place.load().warnings) == 2
    place.environ["K"] = "hunter2"
    assert place.load(text.replace("hunter2", "${K}")).warnings == ()


def test_what_an_action_names_and_what_is_not_here_is_told(place: Any) -> None:
    text = '[actions.x]\nrisk = "safe"\nservice = "ordres"\ntarget = "jbs/mail"\ncommand = ["a"]\n'
    warnings = place.load(JOBS + text).warnings
    assert [warning.partition(": ")[2] for warning in warnings] == [
        "actions.x.service: there is no service 'ordres': did you mean 'orders'?",
        "actions.x.target: no collector here is called 'jbs': did you mean 'jobs'?",
    ]


def test_every_mistake_of_every_action_is_told_at_once(place: Any) -> None:
    found = place.problems(
        '[actions.a]\nrisk = "low"\ncommand = ["{subject}"]\n'
        '[actions.b]\ntarget = "*"\nrequest = { url = "ftp://h", body = 5 }\n'
    )
    assert [(one.line, one.key) for one in found] == [
        (1, "actions.a"),
        (2, "actions.a.risk"),
        (3, "actions.a.command[0]"),
        (4, "actions.b"),
        (6, "actions.b.request.body"),
        (6, "actions.b.request.url"),
    ]
