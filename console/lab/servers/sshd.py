"""Real OpenSSH servers where the system has one, each with a host key of its own, for whoever runs the lab.

Nothing touches ~/.ssh or /etc/ssh: keys, known_hosts and the client's configuration lie in the lab's folders.
"""

import contextlib
import os
import pwd
import signal
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from console.lab.processes import LabError, clean_environment, end, find_program, write_private
from console.lab.servers.standing import Standing

PACKAGES = {"sshd": "openssh-server", "ssh": "openssh-client", "ssh-keygen": "openssh-client"}
# where sshd wants it when root starts it; the system's own service makes it and removes it
EMPTY = Path("/run/sshd")
SERVER = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host
AuthorizedKeysFile {authorized}
AuthenticationMethods publickey
AllowUsers {user}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
# the temporary folder is everybody's; ours in it is not
StrictModes no
PidFile none
AllowAgentForwarding no
X11Forwarding no
PermitTunnel no
PrintMotd no
PrintLastLog no
"""
CLIENT = """\
# Written by the lab for this one run.
Host *
  User {user}
  IdentityFile {folder}/id
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile {folder}/known_hosts
  GlobalKnownHostsFile /dev/null
"""


def binary(name: str = "sshd") -> Path:
    """Find one of OpenSSH's programs; LabError names the package to install."""
    found = find_program(name)
    if found is None:
        raise LabError(f"{name} is not installed here: apt-get install {PACKAGES[name]}")
    return found


def check() -> None:
    """Raise LabError where a program is missing that servers behind ssh need."""
    for name in PACKAGES:
        binary(name)
    user()


def user() -> str:
    """The name of whoever runs the lab, the only one who may log in."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise LabError(f"user {os.geteuid()} has no name here, and sshd wants one") from None


def new_key(path: Path, comment: str) -> None:
    """Make a key pair without a passphrase; raises LabError."""
    command = [str(binary("ssh-keygen")), "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)]
    done = subprocess.run(  # noqa: S603 - argv is ours, no shell
        command, env=clean_environment(), capture_output=True, text=True, timeout=30, check=False
    )
    if done.returncode != 0:
        raise LabError(f"ssh-keygen: {done.stderr.strip()}")


class Sshd(Standing):
    """One sshd on 127.0.0.1 that lets in the owners of the keys in `authorized`; starts in about 0.1 s.

    Killed hard, it leaves the sessions that stand to their clients; they end with these.
    """

    title: ClassVar[str] = "sshd"
    kind: ClassVar[str] = "sshd"

    def __init__(self, authorized: Path, *, port: int | None = None) -> None:
        super().__init__(port)
        self._authorized = authorized

    @property
    def host_key(self) -> str:
        """Type and base64 of the public host key, as known_hosts has them."""
        return " ".join((self.folder / "host.pub").read_text().split()[:2])

    def _check(self) -> None:
        binary()

    def _prepare(self) -> None:
        if os.geteuid() == 0:
            EMPTY.mkdir(mode=0o755, exist_ok=True)
        if not (self.folder / "host").exists():
            new_key(self.folder / "host", "quarterdeck demo")

    def _command(self) -> Sequence[str | Path]:
        text = SERVER.format(port=self.port, folder=self.folder, authorized=self._authorized, user=user())
        write_private(self.folder / "sshd_config", text)
        return (binary(), "-D", "-e", "-f", self.folder / "sshd_config")

    def ready(self) -> bool:
        """Whether it says that it listens: a connection of ours would be one without a login."""
        with contextlib.suppress(OSError):
            return f"listening on 127.0.0.1 port {self.port}." in self.log_file.read_text(errors="replace")
        return False

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        sessions = list(descendants(process.pid))
        end(process, signal.SIGKILL)
        for session in sessions:
            with contextlib.suppress(ProcessLookupError):
                os.kill(session, signal.SIGKILL)


class Machines:
    """The servers of a lab by name, and the folder of somebody who may log in to each of them.

    `folder` is made anew, and holds the key, known_hosts and the client's configuration.
    """

    def __init__(self, names: Iterable[str], folder: Path) -> None:
        self.folder = folder
        self.servers = {name: Sshd(folder / "id.pub") for name in names}

    @property
    def configuration(self) -> Path:
        """The file for `ssh -F`; it knows the names."""
        return self.folder / "ssh_config"

    def start(self) -> None:
        """Make the key and start them; raises LabError."""
        self.folder.mkdir(mode=0o700)
        new_key(self.folder / "id", "quarterdeck demo")
        for server in self.servers.values():
            server.start()
        known = "".join(f"{name} {server.host_key}\n" for name, server in self.servers.items())
        write_private(self.folder / "known_hosts", known)
        hosts = "".join(
            f"Host {name}\n  HostName 127.0.0.1\n  Port {server.port}\n  HostKeyAlias {name}\n"
            for name, server in self.servers.items()
        )
        write_private(self.configuration, hosts + CLIENT.format(user=user(), folder=self.folder))

    def stop(self) -> None:
        """End them with all sessions; more than once does no harm."""
        for server in self.servers.values():
            server.stop()


def descendants(pid: int) -> Iterator[int]:
    """The sshd processes below one; what they run there ends with them."""
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                if Path(f"/proc/{child}/comm").read_text().startswith("sshd"):
                    yield child
                    yield from descendants(child)
