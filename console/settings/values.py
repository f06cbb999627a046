"""What the configuration says, once it is known to be right: frozen values."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from collectors.action import Risk
from collectors.model.practice import Practice
from collectors.redaction import Redaction
from collectors.registry import PluginError
from collectors.transport.servers.spec import Server
from console.settings.template import Template

OPEN = frozenset({"lab", "development"})
"""Environments in which actions need no arming; any other, and none, is protected."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service: what it needs, where it runs, and of how many instances it can lose the rest.

    ``min_ready``: peers that must stay ready while an instance is drained; None where nobody said.
    """

    name: str
    depends_on: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    quorum: int | None = None
    min_ready: int | None = None


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
class Limit:
    """What one action may do: items at most, and items a second at most; None: the file sets no limit."""

    max_items: int | None = None
    max_rate: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """``[limits]``: what holds for all actions, what for single ones in its stead, and what is forbidden.

    ``deny`` are globs over ``SERVICE.PRACTICE.VERB`` and ``PRACTICE.VERB``; ``actions`` are by action id.
    """

    max_items: int | None = None
    max_rate: float | None = None
    deny: tuple[str, ...] = ()
    actions: dict[str, Limit] = field(default_factory=dict)

    def of(self, action: str) -> Limit:
        """The limits of an action: its own where it has them, else those for all."""
        own = self.actions.get(action, Limit())
        return Limit(
            self.max_items if own.max_items is None else own.max_items,
            self.max_rate if own.max_rate is None else own.max_rate,
        )

    def denied(self, action: str, service: str) -> str:
        """The pattern that forbids an action on a service (empty: of none), or empty."""
        names = (action, f"{service}.{action}") if service else (action,)
        return next((glob for glob in self.deny if any(fnmatchcase(name, glob) for name in names)), "")


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """Where actions are written down.

    ``path`` is the journal's file, empty for the console's own folder. ``mirror`` is "syslog" or empty;
    ``mirror_command`` is an argument list whose program gets each record on its input. Not both are set.
    """

    path: str = ""
    mirror: str = ""
    mirror_command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomRequest:
    """The HTTP request of an action.

    ``encoding`` is how places in the body are written: "json", "form", or empty where it has none.
    ``url`` has no place in its scheme, login, host and port. The rest are PEM files, as collectors have them.
    """

    method: str
    url: Template
    headers: tuple[tuple[str, Template], ...] = ()
    body: Template | None = None
    encoding: str = ""
    ca_file: str = ""
    client_cert: str = ""
    client_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomAction:
    """One ``[actions.NAME]``: a program, with one template for each argument, or a request.

    It is offered on subjects that ``target``, ``practice`` and ``service`` fit, as far as they are set:
    ``target`` is a glob over COLLECTOR/SUBJECT, or over COLLECTOR alone where it has no slash. ``timeout``
    is in seconds; ``file`` and ``line`` are where it is declared.
    """

    name: str
    words: str
    risk: Risk
    target: str = ""
    practice: Practice | None = None
    service: str = ""
    command: tuple[Template, ...] = ()
    env: tuple[tuple[str, Template], ...] = ()
    request: CustomRequest | None = None
    timeout: float = 30.0
    file: Path | None = None
    line: int = 0

    @property
    def id(self) -> str:
        """The action's id: ``custom.NAME``."""
        return f"custom.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQuestion:
    """One ``[questions.NAME]``: ``ask`` can be understood. ``pin``: it is kept up on the screen.

    ``threshold`` is of ``column``, or of the first aggregate where that is empty: seconds for durations.
    """

    name: str
    ask: str
    pin: bool = False
    column: str = ""
    threshold: Threshold | None = None
    file: Path | None = None
    line: int = 0


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
    the actions that the file binds anew. ``actions`` are the file's own, by name. ``warnings`` are
    sentences for people.
    """

    name: str = ""
    environment: str = ""
    protected: bool = True
    services: dict[str, Service] = field(default_factory=dict)
    collectors: tuple[CollectorSettings, ...] = ()
    servers: dict[str, Server] = field(default_factory=dict)
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    console: ConsoleSettings = ConsoleSettings()
    limits: Limits = field(default_factory=Limits)
    journal: JournalSettings = JournalSettings()
    actions: dict[str, CustomAction] = field(default_factory=dict)
    questions: dict[str, SavedQuestion] = field(default_factory=dict)
    redaction: Redaction = field(default_factory=Redaction)
    file: Path | None = None
    warnings: tuple[str, ...] = ()
    stamps: tuple[FileStamp, ...] = ()
    includes: tuple[IncludeStamp, ...] = ()


def is_protected(environment: str) -> bool:
    """Whether an environment starts read-only."""
    return environment not in OPEN
