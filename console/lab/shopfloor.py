"""The processes and servers of one lab: started in order, kept alive, ended together."""

import asyncio
import secrets
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from console.lab import configuration
from console.lab.processes import (
    Folder,
    LabError,
    clean_environment,
    end,
    free_port,
    module,
    module_environment,
    spawn,
    tail,
    write_private,
)
from console.lab.servers import haproxy
from console.lab.servers.haproxy import HAProxy
from console.lab.servers.postgres import Postgres
from console.lab.servers.sshd import Machines
from console.lab.servers.standing import Standing
from console.lab.servers.valkey import Valkey
from console.lab.shop.wiring import ORDERS, Wiring

SERVICES = ("catalog", "orders", "payments")
# process → module and further arguments, in the order in which they start
PROCESSES: dict[str, tuple[str, ...]] = {
    "catalog": ("console.lab.shop.catalog",),
    "orders-1": ("console.lab.shop.orders", "orders-1"),
    "orders-2": ("console.lab.shop.orders", "orders-2"),
    "payments": ("console.lab.shop.payments",),
    "worker": ("console.lab.shop.worker",),
    "world": ("console.lab.shop.world",),
}
READY = {
    "catalog": "/health/ready",
    "orders-1": "/readyz",
    "orders-2": "/readyz",
    "payments": "/health/ready",
}
# what a console needs to read, and no more
READER = (
    "~* &* -@all +@read -@dangerous +info +ping +select +hello +auth +time +role +multi +exec +discard"
    " +client|setname +client|setinfo +client|id +client|info +client|list +client|no-touch +cluster|info"
    " +slowlog|get +slowlog|len +latency|latest +latency|history +config|get +acl|whoami +acl|dryrun"
    " +pubsub|numsub +subscribe +psubscribe +unsubscribe +punsubscribe"
)
# what a console needs to act: not what empties, exchanges or ends a server, nor what gives more rights
OPERATOR = (
    "~* &* +@all -flushall -flushdb -keys -swapdb -config -debug -shutdown -replicaof -slaveof"
    " -acl +acl|whoami +acl|dryrun"
)


@dataclass(slots=True)
class Passwords:
    """Random passwords of one lab."""

    shop: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    reader: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    operator: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    roles: dict[str, str] = field(
        default_factory=lambda: {
            role: secrets.token_urlsafe(18) for role in (*SERVICES, "quarterdeck", "operator")
        }
    )


class ShopFloor:
    """Everything that runs in a lab; implements `incidents.base.Shop`.

    With `ssh` there are machines to log in to, and the console's configuration reaches all through them.
    """

    def __init__(self, *, ssh: bool = False) -> None:
        self.held: dict[str, Any] = {}
        self.folder = Folder("shop")
        names = configuration.MACHINES if ssh else ()
        self.machines = Machines(names, self.folder.path / "ssh")
        self.passwords = Passwords()
        self.queues = self._valkey()
        self.caches = {
            service: self._valkey("maxmemory 32mb", "maxmemory-policy allkeys-lru") for service in SERVICES
        }
        # small enough that a leak shows: 37 slots for ordinary roles
        self.postgres = Postgres({"max_connections": "40", "log_min_messages": "error"})
        self.balancer: HAProxy | None = None
        self.wiring: Wiring | None = None
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.resting: set[str] = set()

    def _valkey(self, *settings: str) -> Valkey:
        users = [
            f"user quarterdeck on >{self.passwords.reader} {READER}",
            f"user operator on >{self.passwords.operator} {OPERATOR}",
        ]
        return Valkey([*settings, *users], password=self.passwords.shop)

    @property
    def servers(self) -> list[Standing]:
        """The servers that the shop stands on, and the balancer before the orders where there is one."""
        standing: list[Standing] = [self.queues, *self.caches.values(), self.postgres]
        return [*standing, self.balancer] if self.balancer else standing

    @property
    def folders(self) -> list[str]:
        """All folders of the lab, for whoever must tidy up after a hard end."""
        standing = [*self.servers, *self.machines.servers.values()]
        return [str(self.folder.path), *(str(server.folder) for server in standing if server.running)]

    def open(self) -> Path:
        """Start everything, in about 3 s; return the console's configuration file."""
        for name in ("logs", "faults"):
            (self.folder.path / name).mkdir()
        for server in self.servers:
            server.start()
        if self.machines.servers:
            self.machines.start()
        self._create_schema()
        ports = {name: free_port() for name in (*READY, "gateway", "smtp")}
        self.balancer = balancer({name: ports[name] for name in ORDERS})
        self.wiring = self._wire(ports)
        self.wiring.save(self.folder.path / "wiring.json")
        for name in PROCESSES:
            self._launch(name)
        return self._write_configuration()

    def _wire(self, ports: dict[str, int]) -> Wiring:
        operator = self._logins("operator", self.passwords.operator)
        operator["database"] = self.postgres.url(
            "shop", "quarterdeck_operator", self.passwords.roles["operator"]
        )
        return Wiring(
            folder=str(self.folder.path),
            queues=self.queues.url,
            ports=ports,
            databases={
                role: self.postgres.url("shop", role, self.passwords.roles[role]) for role in SERVICES
            },
            caches={service: cache.url for service, cache in self.caches.items()},
            operator=operator,
            frontend=self.balancer.url if self.balancer else "",
            stats_socket=str(self.balancer.socket) if self.balancer else "",
        )

    def _logins(self, user: str, password: str) -> dict[str, str]:
        """Return redis:// URLs of an ACL user by server: queues and the services' caches."""
        servers = {"queues": self.queues, **self.caches}
        return {name: server.url_of(user=user, password=password) for name, server in servers.items()}

    def _create_schema(self) -> None:
        script = Path(__file__).with_name("shop") / "schema.sql"
        settings = "".join(f"\\set {role} {secret}\n" for role, secret in self.passwords.roles.items())
        self.postgres.execute(settings + script.read_text())

    def _write_configuration(self) -> Path:
        if self.wiring is None:
            raise LabError("the lab is not wired")
        reader = self._logins("quarterdeck", self.passwords.reader)
        database = self.postgres.url("shop", "quarterdeck", self.passwords.roles["quarterdeck"])
        path = self.folder.path / "quarterdeck.toml"
        ssh = str(self.machines.configuration) if self.machines.servers else ""
        write_private(path, configuration.toml(self.wiring, reader, database, self.postgres.port, ssh))
        return path

    def _launch(self, name: str) -> None:
        program, *arguments = PROCESSES[name]
        command = module(program, str(self.folder.path / "wiring.json"), *arguments)
        env = module_environment({**clean_environment(), "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/"})
        process = self.processes[name] = spawn(command, env=env, log=self.log(name))
        # who watches a drain finds the process by this
        write_private(self._pid_file(name), f"{process.pid}\n")

    def _pid_file(self, name: str) -> Path:
        return self.folder.path / f"{name}.pid"

    def log(self, name: str) -> Path:
        """Return the file that takes what a process says before its own log is open."""
        return self.folder.path / f"{name}.out"

    async def wait_ready(self) -> None:
        """Wait up to 60 s until every service is ready and the worker has sent a mail; raises LabError."""
        async with asyncio.timeout(60):
            for name, path in READY.items():
                while not await asyncio.to_thread(self._answers, name, path):
                    await self._pause(name)
            while not await asyncio.to_thread(self._worker_is_there):
                await self._pause("worker")
            while self.balancer and not await asyncio.to_thread(sends_to_all, self.balancer):
                await self._pause(ORDERS[0])

    async def _pause(self, name: str) -> None:
        if self.processes[name].poll() is not None:
            raise LabError(f"{name} ended while starting: {tail(self.log(name))}")
        await asyncio.sleep(0.05)

    def _answers(self, name: str, path: str) -> bool:
        if self.wiring is None:
            return False
        try:
            with urllib.request.urlopen(self.wiring.url(name) + path, timeout=3) as answer:  # noqa: S310 - our own http
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _worker_is_there(self) -> bool:
        with redis.Redis.from_url(self.queues.url) as client:
            return bool(client.exists("rq:workers") and client.exists("rq:finished:mail"))

    def revive(self) -> None:
        """Start again whatever ended by itself."""
        for name, process in list(self.processes.items()):
            if process.poll() is not None and name not in self.resting:
                self._launch(name)

    def fault(self, name: str, *, on: bool) -> None:
        """Turn a switch that a process of the shop obeys within 0.1 s."""
        path = self.folder.path / "faults" / name
        if on:
            path.touch()
        else:
            path.unlink(missing_ok=True)

    def queues_url(self) -> str:
        """Return the redis:// URL of the broker."""
        return self.queues.url

    def cache_url(self, service: str) -> str:
        """Return the redis:// URL of a service's cache."""
        return self.caches[service].url

    def database_url(self, role: str) -> str:
        """Return the postgresql:// URL of the shop's database for a service's role."""
        return self.postgres.url("shop", role, self.passwords.roles[role])

    async def stop_process(self, name: str) -> None:
        """End one process with SIGTERM and keep it ended."""
        self.resting.add(name)
        await asyncio.to_thread(end, self.processes[name])
        self._pid_file(name).unlink(missing_ok=True)

    async def start_process(self, name: str) -> None:
        """Start a process that was ended."""
        self.resting.discard(name)
        if self.processes[name].poll() is not None:
            self._launch(name)

    def close(self) -> None:
        """End everything and remove the folders; more than once does no harm."""
        running = [process for process in self.processes.values() if process.poll() is None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            end(process, patience=3)
        self.processes.clear()
        self.machines.stop()
        for server in self.servers:
            server.stop()
        self.folder.remove()


def balancer(servers: dict[str, int]) -> HAProxy | None:
    """Start an HAProxy before these ports of the orders; None where the system has none that starts."""
    if haproxy.find() is None:
        return None
    try:
        return HAProxy("orders", servers, check=READY[ORDERS[0]]).start()
    except LabError as problem:
        # the system's own, of whatever age: the shop lives without it
        print(f"quarterdeck demo: the shop goes without HAProxy: {problem}", file=sys.stderr)  # noqa: T201 - a command's talk
        return None


def sends_to_all(before: HAProxy) -> bool:
    """Tell whether an HAProxy holds each of its servers for up."""
    try:
        return set(before.states().values()) == {"UP"}
    except OSError:
        return False
