from typing import Any

import pytest

from console.settings import Pod, Server, Source, show
from console.settings.loading import load_tree

WEB = '[servers.web]\ninstances = ["web-[1-3]"]\nhost = "{instance}.internal"\njump = "bastion"\n'
BASTION = '[servers.bastion]\nhost = "bastion"\n'
HEALTH = '[collectors.x]\ntype = "health.sample"\nurl = "http://127.0.0.1/readyz"\n'


def test_one_table_declares_many_servers(place: Any) -> None:
    settings = place.load(
        WEB
        + 'user = "ops-{instance}"\noptions = { HostKeyAlias = "{instance}", Compression = true }\n'
        + BASTION
    )
    assert list(settings.servers) == ["web-1", "web-2", "web-3", "bastion"]
    assert settings.servers["web-2"] == Server(
        "web-2",
        "web-2.internal",
        "ops-web-2",
        jump="bastion",
        options=(("HostKeyAlias", "web-2"), ("Compression", "yes")),
    )


def test_pods_have_instances_too(place: Any) -> None:
    settings = place.load(
        '[servers.pods]\ninstances = ["a", "b"]\n'
        'kube = { target = "deploy/{instance}", namespace = "{instance}" }'
    )
    assert settings.servers["b"] == Server("b", kube=Pod("deploy/b", namespace="b"))


def test_pods_by_their_labels_and_an_ssh_configuration_of_its_own(place: Any) -> None:
    settings = place.load(
        '[servers.a]\nkube = { selector = "app in (a, b)" }\n[servers.b]\nhost = "b"\nconfig = "/etc/hosts"'
    )
    assert settings.servers["a"] == Server("a", kube=Pod("", selector="app in (a, b)"))
    assert settings.servers["b"] == Server("b", host="b", config="/etc/hosts")


def test_a_collector_follows_its_instance_to_its_server(place: Any) -> None:
    settings = place.load(
        WEB + BASTION + HEALTH + 'server = "{instance}"\nservice = "orders"\n'
        '[services.orders]\ninstances = ["web-[2-3]"]\n'
    )
    assert [(one.instance, one.server) for one in settings.collectors] == [
        ("web-2", "web-2"),
        ("web-3", "web-3"),
    ]
    assert {one.timeout for one in settings.collectors} == {5.0}  # the sample's 3 s and 2 s for the way


@pytest.mark.parametrize(
    ("text", "key", "words", "remedy"),
    [
        (
            '[servers.web]\ninstances = ["a", "b"]\nhost = "h"',
            "servers.web.instances",
            "all 2 would be the same machine",
            'write host = "{instance}"',
        ),
        ('[servers.web]\nhost = "{instance}"', "servers.web.host", "this server has none", "set instances"),
        (
            '[servers.web]\ninstances = []\nhost = "{instance}"',
            "servers.web.instances",
            "names no server",
            "take it",
        ),
        (
            '[servers.web]\ninstances = ["-v"]\nhost = "{instance}"',
            "servers.web.instances",
            "cannot be a name",
            "",
        ),
        (
            '[servers.web]\ninstances = ["a-[3-1]"]\nhost = "{instance}"',
            "servers.web.instances",
            "counts down",
            "",
        ),
        ('[servers.web]\ninstances = ["a"]', "servers.web", "has no way in", ""),
        (
            '[servers.web]\ninstances = ["a", "b"]\nhost = "{instance}"\nhots = 1',
            "servers.web.hots",
            "unknown",
            "",
        ),
        (
            WEB + BASTION + '[servers.web-2]\nhost = "other"',
            "servers.web-2",
            "'web-2' is declared by [servers.web] as well",
            "keep it in one of them",
        ),
        (
            '[servers.web-2]\nhost = "other"\n' + WEB + BASTION,
            "servers.web.instances",
            "'web-2' is declared by [servers.web-2] as well",
            "keep it in one of them",
        ),
        (WEB, "servers.web.jump", "there is no server 'bastion'", ""),
        (
            '[servers.web]\ninstances = ["a", "b"]\nhost = "{instance}"\njump = "b"',
            "servers.web.jump",
            "goes in a circle: b → b",
            "take one of them out",
        ),
        (
            '[servers.a]\nhost = "a"\noptions = { ForwardAgent = true }',
            "servers.a",
            "ForwardAgent is the same for every server",
            "",
        ),
        (
            '[servers.a]\nkube = { target = "deploy/a", selector = "app=a" }',
            "servers.a.kube.selector",
            "target and selector exclude each other",
            "keep one of them",
        ),
        ('[servers.a]\nkube = { selector = "" }', "servers.a.kube.selector", "selects nothing", "app=orders"),
        ('[servers.a]\nkube = { container = "x" }', "servers.a.kube", "has no target", "selector"),
        (
            '[servers.a]\nhost = "a"\nconfig = "ssh_config"',
            "servers.a",
            "config 'ssh_config' is not a file",
            "write its whole path",
        ),
        (
            '[servers.a]\nkube = { target = "x" }\nconfig = "/etc/hosts"',
            "servers.a.config",
            "belongs to ssh",
            "",
        ),
        (
            '[servers.a]\nhost = "a"\njump = "k"\n[servers.k]\nkube = { target = "x" }',
            "servers.a.jump",
            "'k' is not reached by ssh",
            "",
        ),
        (
            WEB + BASTION + HEALTH + 'server = "web"',
            "collectors.x.server",
            "[servers.web] declares many servers",
            'write server = "{instance}"',
        ),
        (
            WEB + BASTION + HEALTH + 'server = "web-4"',
            "collectors.x.server",
            "no server 'web-4'",
            "did you mean",
        ),
        # what follows from a mistake that is told is not told again
        (
            '[servers.web]\ninstances = ["web-[3-1]"]\nhost = "{instance}"\n' + HEALTH + 'server = "web-1"',
            "servers.web.instances",
            "counts down",
            "",
        ),
    ],
)
def test_what_clashes_is_named(place: Any, text: str, key: str, words: str, remedy: str) -> None:
    problem = place.problem(text)
    assert (problem.key, words in problem.message, remedy in problem.remedy) == (key, True, True), str(
        problem
    )


def test_a_mistake_in_a_table_is_told_once_for_all_its_servers(place: Any) -> None:
    problem = place.problem('[servers.web]\ninstances = ["[1-99]"]\nhost = "-{instance}"\n')
    assert problem.key == "servers.web.host"


def test_what_is_shown_reads_like_the_file(place: Any) -> None:
    place.environ["ZONE"] = "eu"
    place.write(WEB + 'options = { Compression = true, HostKeyAlias = "{instance}.${ZONE}" }\n' + BASTION)
    loaded = load_tree(Source(folder=place.folder), place.environ)
    found = {
        ".".join(map(str, (*one.table, one.key))): (one.value, one.origin.rpartition(":")[2], one.variables)
        for one in show.effective(loaded)
    }
    assert found["servers.web.instances"] == (["web-1", "web-2", "web-3"], "2", ())
    assert found["servers.web.host"] == ("{instance}.internal", "3", ())
    options = {"Compression": True, "HostKeyAlias": "{instance}.eu"}
    assert found["servers.web.options"] == (options, "5", ("ZONE",))
    assert found["servers.bastion.host"][0] == "bastion"
    assert 'options = { Compression = true, HostKeyAlias = "{instance}.eu" }' in show.as_text(
        loaded, show.effective(loaded)
    )
