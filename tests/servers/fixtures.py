"""Fixtures with real servers: a pair for each worker, a clean database for each test, factories for the rest.

`valkey`, `postgres`      the worker's shared servers (objects with url, pid, port, folder)
`valkey_db`               URL of the shared Valkey, emptied before the test
`postgres_db`             URL of a database of one's own on the shared PostgreSQL, as its superuser
`make_valkey(...)`        another Valkey for this test, with settings of one's own
`make_postgres(...)`      another PostgreSQL for this test
`make_database(...)`      another database on the shared PostgreSQL
`lab`                     the whole demo shop, for one module (3 s to start)
`sshd`                    a real OpenSSH server, for one module
`make_sshd(...)`          another one for this test
`operator`                somebody with a key, known_hosts and ssh_config of his own, who knows nobody yet
`free_port`               finds a port of 127.0.0.1 that nobody listens on
"""

import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, Protocol

import pytest
import redis

from console.lab import processes
from console.lab.processes import LabError
from console.lab.run import Lab, start_lab
from console.lab.servers import postgres as postgres_server
from console.lab.servers import valkey as valkey_server
from console.lab.servers.postgres import Postgres
from console.lab.servers.valkey import Valkey
from tests.servers.sshd import Operator, Sshd

_numbers = itertools.count(1)


class MakeValkey(Protocol):
    """Start a Valkey that ends with the test."""

    def __call__(
        self,
        settings: Sequence[str] = ...,
        *,
        password: str | None = ...,
        port: int | None = ...,
        sentinel: bool = ...,
    ) -> Valkey: ...


class MakePostgres(Protocol):
    """Start a PostgreSQL that ends with the test."""

    def __call__(
        self, settings: Mapping[str, str] | None = ..., *, version: int = ..., port: int | None = ...
    ) -> Postgres: ...


class MakeSshd(Protocol):
    """Start an sshd that ends with the test."""

    def __call__(self, settings: Sequence[str] = ..., *, port: int | None = ...) -> Sshd: ...


class MakeDatabase(Protocol):
    """Create a database on the shared PostgreSQL from `template`; returns its URL as the superuser."""

    def __call__(self, template: str = ...) -> str: ...


def missing(problem: LabError) -> NoReturn:
    """Skip a test whose server is not installed; in CI that is a failure."""
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(str(problem))
    pytest.skip(str(problem))


def _need(find: Callable[[], object]) -> None:
    try:
        find()
    except LabError as problem:
        missing(problem)


@pytest.fixture(scope="session")
def valkey() -> Iterator[Valkey]:
    _need(valkey_server.binary)
    with Valkey() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    _need(postgres_server.installation)
    with Postgres() as server:
        yield server


@pytest.fixture
def valkey_db(valkey: Valkey) -> str:
    with redis.Redis.from_url(valkey.url) as client:
        client.client_kill_filter(_type="normal", skipme=True)  # what earlier tests left connected
        client.flushall()
        client.config_resetstat()
    return valkey.url


@pytest.fixture
def make_database(postgres: Postgres) -> Iterator[MakeDatabase]:
    names: list[str] = []

    def make(template: str = "template0") -> str:
        name = f"test_{next(_numbers)}"
        postgres.execute(f"create database {name} template {template}")
        names.append(name)
        return postgres.url(name)

    yield make
    for name in names:
        postgres.execute(f"drop database if exists {name} with (force)")


@pytest.fixture
def postgres_db(make_database: MakeDatabase) -> str:
    return make_database()


@pytest.fixture
def make_valkey() -> Iterator[MakeValkey]:
    _need(valkey_server.binary)
    made: list[Valkey] = []

    def make(
        settings: Sequence[str] = (),
        *,
        password: str | None = None,
        port: int | None = None,
        sentinel: bool = False,
    ) -> Valkey:
        server = Valkey(settings, password=password, port=port, sentinel=sentinel)
        made.append(server)
        return server.start()

    yield make
    for server in made:
        server.stop()


@pytest.fixture
def make_postgres() -> Iterator[MakePostgres]:
    _need(postgres_server.installation)
    made: list[Postgres] = []

    def make(
        settings: Mapping[str, str] | None = None, *, version: int = 18, port: int | None = None
    ) -> Postgres:
        server = Postgres(settings, version=version, port=port)
        made.append(server)
        return server.start()

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as server:
        yield server


@pytest.fixture
def make_sshd() -> Iterator[MakeSshd]:
    made: list[Sshd] = []

    def make(settings: Sequence[str] = (), *, port: int | None = None) -> Sshd:
        server = Sshd(settings, port=port)
        made.append(server)
        return server.start()

    yield make
    for server in made:
        server.remove()


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    folder = tmp_path / "operator"
    folder.mkdir(mode=0o700)
    return Operator(folder)


@pytest.fixture
def free_port() -> Callable[[], int]:
    return processes.free_port


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    _need(valkey_server.binary)
    _need(postgres_server.installation)
    with start_lab() as running:
        yield running
