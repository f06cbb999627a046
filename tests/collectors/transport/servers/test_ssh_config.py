"""The configuration that ssh is given: what it says, and what the real ssh makes of it."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from collectors.errors import OptionsError
from collectors.transport.servers import ssh_config
from collectors.transport.servers.spec import Server

LAX = """
Host *
  StrictHostKeyChecking no
  BatchMode no
  UpdateHostKeys yes
  CheckHostIP yes
  ControlMaster auto
  ControlPath ~/.ssh/%C
  ForwardAgent yes
  LogLevel QUIET
  RemoteCommand tmux attach
  ServerAliveInterval 600
  HashKnownHosts yes
"""
BASTION = Server("bastion", "bastion.example", user="jumper", port=2222)
WEB = Server("web-1", "web1.example", user="deploy", jump="bastion", options=(("IdentityFile", "/keys/web"),))
ALL = {server.name: server for server in (BASTION, WEB)}


def _understood(folder: Path, text: str, called: str) -> Mapping[str, str]:
    """What ssh reads, as `ssh -G` tells it."""
    config = folder / "wrapper"
    config.write_text(text)
    command = ["ssh", "-F", str(config), "-G", "--", called]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
    return dict(line.split(" ", 1) for line in said.splitlines() if " " in line)


def _wrapper(folder: Path, server: Server, servers: Mapping[str, Server] = ALL, user: str = LAX) -> str:
    own = folder / "own config"
    own.write_text(user)
    return ssh_config.wrapper(server, ssh_config.chain(server, servers), [own])


@pytest.mark.parametrize("called", ["web1.example", "bastion.example", "a-hop-of-the-users-own"])
def test_no_configuration_of_the_user_relaxes_it_on_any_hop(tmp_path: Path, called: str) -> None:
    said = _understood(tmp_path, _wrapper(tmp_path, WEB), called)
    assert said["stricthostkeychecking"] == "true"
    assert said["batchmode"] == "yes"
    assert said["updatehostkeys"] == "false"
    assert said["checkhostip"] == "no"
    assert said["controlmaster"] == "false"
    assert said["forwardagent"] == "no"
    assert said["loglevel"] == "INFO"
    assert said["serveraliveinterval"] == "2"
    assert said["hashknownhosts"] == "yes", "what does no harm stays the user's own"
    assert "remotecommand" not in said


def test_each_machine_has_its_own_user_port_and_options(tmp_path: Path) -> None:
    text = _wrapper(tmp_path, WEB)
    web = _understood(tmp_path, text, "web1.example")
    assert (web["user"], web["port"], web["proxyjump"]) == ("deploy", "22", "bastion.example")
    assert web["identityfile"] == "/keys/web"
    hop = _understood(tmp_path, text, "bastion.example")
    assert (hop["user"], hop["port"], hop.get("proxyjump", "none")) == ("jumper", "2222", "none")
    assert hop["identityfile"] != "/keys/web"


def test_a_jump_host_at_the_same_address_keeps_its_port(tmp_path: Path) -> None:
    here = {"a": Server("a", "::1", port=2201), "b": Server("b", "[::1]", port=2202, jump="a")}
    text = _wrapper(tmp_path, here["b"], here)
    way = [here["a"], here["b"]]
    ports = [_understood(tmp_path, text, ssh_config.alias(server, way)) for server in way]
    assert [(said["hostname"], said["port"]) for said in ports] == [("::1", "2201"), ("::1", "2202")]


def test_a_login_may_ask_but_is_as_strict(tmp_path: Path) -> None:
    (tmp_path / "own").write_text(LAX)
    text = ssh_config.wrapper(WEB, [BASTION], [tmp_path / "own"], interactive=True)
    said = _understood(tmp_path, text, "bastion.example")
    assert (said["batchmode"], said["stricthostkeychecking"]) == ("no", "true")


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (Server("a", "-oProxyCommand=x"), "is not a name that ssh takes"),
        (Server("a", "two words"), "is not a name that ssh takes"),
        (Server("a", "h", user="x\nHost *"), "user"),
        (Server("a", "h", options=(("StrictHostKeyChecking", "no"),)), "is the same for every server"),
        (Server("a", "h", options=(("batchmode", "no"),)), "is the same for every server"),
        (Server("a", "h", options=(("User", "x\nProxyCommand y"),)), "is not an option"),
        (Server("a", "h", jump="b"), "is not a server with a host"),
        (Server("a", "h", jump="a"), "jumps in a circle"),
    ],
)
def test_what_is_refused_names_the_place(server: Server, words: str) -> None:
    with pytest.raises(OptionsError, match=words) as caught:
        ssh_config.check_server(server, {"a": server})
    assert "[servers.a]" in caught.value.why


@pytest.mark.parametrize(
    ("server", "hops", "expected"),
    [
        (Server("a", "web1"), (), "ssh web1"),
        (Server("a", "me@web1", port=2222), (), "ssh -p 2222 me@web1"),
        (WEB, (BASTION,), "ssh -o IdentityFile=/keys/web -J jumper@bastion.example:2222 deploy@web1.example"),
        (
            Server("a", "web1"),
            (Server("j", "jump", options=(("IdentityFile", "/k"),)),),
            "ssh -o 'ProxyCommand=ssh -W [%h]:%p -o IdentityFile=/k jump' web1",
        ),
    ],
)
def test_the_command_to_run_by_hand(server: Server, hops: tuple[Server, ...], expected: str) -> None:
    assert ssh_config.by_hand(server, hops) == expected
