"""Who acts: what the system and the environment say of the person at the keyboard."""

import os
import pwd
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from collectors.text import Shown, one_line


@dataclass(frozen=True, slots=True)
class Who:
    """``user`` is the system's account; ``person`` the one behind it, where it is told; ``client`` SSH's."""

    user: str
    person: str = ""
    client: str = ""
    host: str = ""

    @property
    def name(self) -> Shown:
        """For people and leases: ``ada@jump-1``."""
        return one_line(f"{self.person or self.user}@{self.host}", 80)

    def told(self) -> dict[str, str]:
        """As the journal keeps it."""
        known = {"user": self.user, "person": self.person, "client": self.client, "host": self.host}
        return {name: str(one_line(value, 120)) for name, value in known.items() if value}


def who_acts(environ: Mapping[str, str], operator: str = "") -> Who:
    """The person by ``$QUARTERDECK_OPERATOR``, ``operator`` or ``SUDO_USER``; the account by the system."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = str(os.getuid())
    person = environ.get("QUARTERDECK_OPERATOR") or operator or environ.get("SUDO_USER", "")
    client = environ.get("SSH_CONNECTION", "").partition(" ")[0]
    return Who(user, person, client, socket.gethostname())
