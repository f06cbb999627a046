"""The table of programs that tell: what it lets through, and the words where sudo does not."""

import shutil
from pathlib import Path

import pytest

from collectors.errors import AccessError, OptionsError, UnsupportedError
from collectors.transport.host import Ran
from collectors.transport.read.exec import SUDO, TABLE, argv_of, check_sudo, run
from tests.collectors.machines import AsNobody, Through
from tests.servers.debian import program


def test_the_table_is_all_that_is_ever_started() -> None:
    assert {name: command.argv[:2] for name, command in TABLE.items()} == {
        "systemd.show": ("systemctl", "show"),
        "host.look": ("sh", "-c"),
        "process.look": ("sh", "-c"),
        "sockets.list": ("ss", "-H"),
    }
    assert {name for name, command in TABLE.items() if command.sudo} == {"sockets.list"}
    assert not any(command.argv[0] == "sh" and command.sudo for command in TABLE.values()), (
        "who may run a shell by sudo may run all"
    )


def test_sudo_is_asked_for_in_the_table_alone() -> None:
    assert argv_of("sockets.list", sudo=True)[:6] == [*SUDO, "ss", "-H"]
    with pytest.raises(OptionsError, match="sh is not run by sudo from here"):
        argv_of("host.look", sudo=True)


async def test_a_password_that_sudo_wants_is_told_with_the_command_to_allow() -> None:
    program("sudo", "sudo")
    with pytest.raises(AccessError, match="sudo on web-1 wants a password") as caught:
        await run("sockets.list", host=AsNobody(), timeout=15, sudo=True)
    assert caught.value.hint == "allow this exact command NOPASSWD in its sudoers, ss -H -t -a -n -p"


async def test_what_the_program_says_under_sudo_is_its_own() -> None:
    """Root needs no password."""
    program("sudo", "sudo")
    program("ss", "iproute2")
    output = await run("sockets.list", timeout=15, sudo=True)
    assert (output.code, output.err) == (0, "")


async def test_a_machine_without_sudo_is_told_so(tmp_path: Path) -> None:
    found = shutil.which("env")
    assert found is not None
    (tmp_path / "env").symlink_to(found)
    with pytest.raises(UnsupportedError, match="sudo on web-1 is missing"):
        await run("sockets.list", host=Through(str(tmp_path)), timeout=15, sudo=True)


@pytest.mark.parametrize(
    ("code", "said", "words"),
    [
        (1, "sudo: a password is required\n", "wants a password"),
        (1, "sudo: sorry, you must have a tty to run sudo\n", "wants a password"),
        (1, "sudo: no tty present and no askpass program specified\n", "wants a password"),
        (1, "ops is not in the sudoers file.  This incident will be reported.\n", "does not allow it"),
        (1, "sudo: ops is not in the sudoers file.\n", "does not allow it"),
        (1, "Sorry, user ops is not allowed to execute '/bin/cat /x' as root on web.\n", "does not allow it"),
        (1, "sudo: ss: command not found\n", "finds no ss"),
        (1, "sudo: unable to resolve host web: Name or service not known\n", "unable to resolve host"),
        (0, "sudo: unable to resolve host web: Name or service not known\n", ""),
        (255, "Cannot open netlink socket\n", ""),
    ],
)
def test_what_sudo_says_in_words(code: int, said: str, words: str) -> None:
    argv = argv_of("sockets.list", sudo=True)
    ran = Ran(code, b"", said.encode())
    if not words:
        check_sudo(ran, argv, AsNobody())
        return
    with pytest.raises((AccessError, UnsupportedError), match=f"sudo on web-1:? .*{words}"):
        check_sudo(ran, argv, AsNobody())
