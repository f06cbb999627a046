"""What the configuration says, once it is known to be right: frozen values."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collectors.model.practice import Practice
from collectors.registry import PluginError

OPEN = frozenset({"lab", "development"})
"""Environments in which actions need no arming; any other, and none, is protected."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service: what it needs, where it runs, and of how many instances it can lose the rest."""

    name: str
    depends_on: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    quorum: int | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """Limits of one field in the field's own unit (ratio 0.9 is 90 %), ``for_`` in seconds.

    A value at or past ``critical`` or ``warning`` for ``for_`` seconds has that level; it is over
    once the value is back past ``clear``. Below ``min_volume`` nothing is judged.
    """

    warning: float | None = None
    critical: float | None = None
    for_: float = 0.0
    clear: float | None = None
    min_volume: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorSettings:
    """One collector, for one instance where it has instances.

    ``options`` is an instance of the adapter's ``Options``, None where ``load_error`` tells why the
    adapter's class could not be loaded. ``every`` and ``timeout`` are seconds; ``attribute`` are
    (pattern, service) pairs in the file's order; ``file`` and ``line`` are where it is declared.
    ``renew`` asks files and commands for their secrets again and gives the options, None where they
    give none; it blocks, and is None where no secret comes from there.
    """

    name: str
    type: str
    practice: Practice
    options: Any
    service: str = ""
    instance: str = ""
    attribute: tuple[tuple[str, str], ...] = ()
    every: float = 5.0
    timeout: float = 5.0
    server: str = ""
    thresholds: dict[str, Threshold] = field(default_factory=dict)
    enabled: bool = True
    load_error: PluginError | None = None
    file: Path | None = None
    line: int = 0
    renew: Callable[[], Any] | None = field(default=None, compare=False)

    @property
    def acts_apart(self) -> bool:
        """Whether actions have a way in of their own, which is dialled only when they may be done."""
        return getattr(self.options, "act_url", None) is not None


@dataclass(frozen=True, slots=True)
class Pod:
    """Where ``kubectl exec`` goes: ``target`` is a pod or ``kind/name``; empty parts are kubectl's own."""

    target: str
    container: str = ""
    namespace: str = ""
    context: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """Where ``docker exec`` goes; an empty ``context`` is docker's own."""

    name: str
    context: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """How a server is reached: exactly one of ``host`` (by ssh), ``kube`` and ``docker``.

    ``jump`` names another server; ``options`` are (keyword, value) pairs for ``ssh -o``.
    """

    name: str
    host: str = ""
    user: str = ""
    port: int | None = None
    jump: str = ""
    options: tuple[tuple[str, str], ...] = ()
    kube: Pod | None = None
    docker: Container | None = None


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """The console itself.

    ``theme`` is auto, dark or light; ``low_bandwidth`` None follows ``SSH_CONNECTION``;
    ``retention`` is how many seconds of history are kept; ``operator`` is empty where nobody named one;
    ``read_only``: nothing is ever done, armed or not.
    """

    name: str = ""
    environment: str = ""
    theme: str = "auto"
    mouse: bool = True
    low_bandwidth: bool | None = None
    retention: float = 6 * 3600.0
    operator: str = ""
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class FileStamp:
    """A file as it was read; ``changed`` compares it with the file as it is."""

    path: Path
    modified: int
    inode: int
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class IncludeStamp:
    """What an ``include`` pattern matched in ``folder``."""

    folder: Path
    pattern: str
    matches: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration; ``file`` is None where there is none.

    ``services`` holds those that are declared and those that a collector names. ``keys`` holds only
    the actions that the file binds anew. ``warnings`` are sentences for people.
    """

    name: str = ""
    environment: str = ""
    protected: bool = True
    services: dict[str, Service] = field(default_factory=dict)
    collectors: tuple[CollectorSettings, ...] = ()
    servers: dict[str, Server] = field(default_factory=dict)
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    console: ConsoleSettings = ConsoleSettings()
    file: Path | None = None
    warnings: tuple[str, ...] = ()
    stamps: tuple[FileStamp, ...] = ()
    includes: tuple[IncludeStamp, ...] = ()


def is_protected(environment: str) -> bool:
    """Whether an environment starts read-only."""
    return environment not in OPEN
