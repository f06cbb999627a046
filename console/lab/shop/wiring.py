"""What every process of the shop must know: addresses, logins and the lab's folder."""

import json
import random
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

VERSION = "2.4.1"
STREAM = "shop:events"
GROUP = "ledger"
WEBHOOKS = "payments:webhooks"
QUEUES = ("mail", "invoices", "reports")
ORDERS = ("orders-1", "orders-2")
# products that most customers look at, of 200
POPULAR = 60
chance = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Wiring:
    """The addresses of one lab.

    `ports` are TCP ports of 127.0.0.1 by process (catalog, orders-1, …, gateway, smtp); `databases` are
    postgresql:// URLs by role; `caches` are redis:// URLs by service, a server each, because a hit ratio
    is the server's and not a database's; `queues` is the Valkey of RQ, the webhooks and the stream.
    `operator` are URLs with rights to act, by server: queues, the services' caches, database. `frontend` is
    the http:// base of the HAProxy before both orders, `stats_socket` the path that takes its commands; both
    are empty where the system has no HAProxy.
    """

    folder: str
    queues: str
    ports: dict[str, int] = field(default_factory=dict)
    databases: dict[str, str] = field(default_factory=dict)
    caches: dict[str, str] = field(default_factory=dict)
    operator: dict[str, str] = field(default_factory=dict)
    frontend: str = ""
    stats_socket: str = ""

    def url(self, process: str) -> str:
        """Return the http:// base of a process."""
        return f"http://127.0.0.1:{self.ports[process]}"

    def orders(self) -> str:
        """Return the http:// base of the orders: the balancer's, without one that of either instance."""
        return self.frontend or self.url(chance.choice(ORDERS))

    def log(self, name: str) -> Path:
        """Return the path of a log file."""
        return Path(self.folder) / "logs" / name

    def fault(self, name: str) -> Path:
        """Return the flag file of a fault; the fault is on while the file exists."""
        return Path(self.folder) / "faults" / name

    def save(self, path: Path) -> None:
        """Write it for the other processes; only our user may read it, because it holds passwords."""
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: str | Path) -> "Wiring":
        """Read what `save` wrote."""
        return cls(**json.loads(Path(path).read_text()))


class Fault:
    """A switch that an incident turns: on while its flag file exists, looked at most ten times a second."""

    def __init__(self, wiring: Wiring, name: str) -> None:
        self._path = wiring.fault(name)
        self._looked = 0.0
        self._on = False

    def __bool__(self) -> bool:
        now = time.monotonic()
        if now - self._looked > 0.1:
            self._on, self._looked = self._path.exists(), now
        return self._on
