"""URLs of the command line as collectors, without any file."""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from collectors import registry
from collectors.secret import SecretUrl
from collectors.text import one_line, shown
from console.settings.collectors import CollectorReader
from console.settings.keys import KeyTable
from console.settings.loading import OPERATOR
from console.settings.problems import UsageError, did_you_mean
from console.settings.secrets import has_password
from console.settings.sections import read_console
from console.settings.tree import Tree
from console.settings.values import Service, Settings, is_protected

EXAMPLES = (
    "redis://localhost, postgres://app@db/shop, https://host/readyz, tcp://host:25, "
    "file:///var/log/app.jsonl, env:DATABASE_URL"
)

_REDIS = ("queues.rq", "caches.redis")
_TYPES = {
    **dict.fromkeys(("redis", "rediss", "valkey", "valkeys", "unix", "redis+sentinel"), _REDIS),
    **dict.fromkeys(("postgres", "postgresql"), ("pools.postgres",)),
    **dict.fromkeys(("http", "https", "http+unix", "https+unix"), ("health.http",)),
    **dict.fromkeys(("tcp", "tls"), ("health.tcp",)),
    "file": ("logs.file",),
}
_PROBES = (
    ("liveness", re.compile(r"(?i)/(?:live|livez|liveness|alive|ping)(?:/|$)")),
    ("startup", re.compile(r"(?i)/(?:start|startup|startupz|started)(?:/|$)")),
    ("readiness", re.compile("")),
)


@dataclass(frozen=True, slots=True)
class Instant:
    """What one URL stands for: collectors' types, the service, and the options of all of them."""

    types: tuple[str, ...]
    service: str
    options: dict[str, Any]


def settings(
    urls: Iterable[str],
    environ: Mapping[str, str],
    *,
    overrides: Mapping[str, object] | None = None,
    keys: KeyTable | None = None,  # noqa: ARG001 - as in load; without a file no key is bound anew
) -> Settings:
    """Settings that watch these URLs; nobody named an environment, so it is protected.

    ``env:NAME`` takes the URL from a variable, which keeps its password out of the process list.
    Raises UsageError for what is no such URL, SettingsError for one that its adapter refuses.
    """
    warnings: list[str] = []
    tree = Tree(environ)
    collectors: dict[str, dict[str, Any]] = {}
    for argument in dict.fromkeys(urls):
        url = _from_environment(argument, environ)
        instant = read(url)
        if url is argument and has_password(url):
            words = f"the password in {SecretUrl(url).shown} can be read by every user of this machine"
            warnings.append(f"{words}: put the URL into a variable and give env:NAME")
        for type_name in instant.types:
            name = _free(f"{instant.service}-{type_name.partition('.')[0]}", collectors)
            collectors[name] = {"type": type_name, "service": instant.service, **instant.options}
    tree.values = {"collectors": collectors}
    made = CollectorReader(tree, {}, {}).read()
    console = read_console(tree.problems, {}, overrides or {})
    tree.problems.raise_any()
    return Settings(
        environment=console.environment,
        protected=is_protected(console.environment),
        services={one.service: Service(one.service) for one in made},
        collectors=made,
        console=replace(console, operator=console.operator or environ.get(OPERATOR, "")),
        warnings=(*warnings, *tree.problems.warnings),
    )


def read(url: str) -> Instant:
    """What a URL stands for; raises UsageError with examples."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError(
            f"{SecretUrl(url).shown if '[' not in url else one_line(url)} is not a URL", EXAMPLES
        ) from None
    scheme = parts.scheme.lower()
    if "://" not in url:
        hint = f"write file://{one_line(url)}" if url.startswith("/") else f"write one of {EXAMPLES}"
        raise UsageError(f"{one_line(url)!r} is not a URL", hint)
    if scheme not in _TYPES:
        near = did_you_mean(scheme, _TYPES)
        raise UsageError(
            f"{one_line(scheme, 40)}:// is nothing that can be watched", f"{near} – for example {EXAMPLES}"
        )
    types = tuple(name for name in _TYPES[scheme] if name in registry.types())
    if not types:
        raise UsageError(f"{scheme}:// cannot be watched by this release", "see `quarterdeck collectors`")
    if scheme == "file":
        return _file(types, parts)
    if scheme == "tcp" and port is None:
        raise UsageError(f"{shown(url)} has no port", "write it as tcp://host:port")
    options: dict[str, Any] = {"url": url}
    if types == ("health.http",):
        options["probe"] = next(probe for probe, pattern in _PROBES if pattern.search(parts.path))
    return Instant(types, _service(scheme, parts, port), options)


def _from_environment(argument: str, environ: Mapping[str, str]) -> str:
    if not argument.startswith("env:"):
        return argument
    name = argument.removeprefix("env:")
    value = environ.get(name, "")
    if not value:
        raise UsageError(f"${one_line(name, 80)} is not set", "set it to a URL, or name another variable")
    if "://" not in value:
        raise UsageError(
            f"${one_line(name, 80)} is not a URL: it has no scheme", f"set it to one of {EXAMPLES}"
        )
    return value


def _file(types: tuple[str, ...], parts: SplitResult) -> Instant:
    path = unquote(parts.path)
    if parts.netloc not in ("", "localhost") or not path.startswith("/"):
        raise UsageError("file:// wants an absolute path", "write it as file:///var/log/app.jsonl")
    return Instant(types, _name(PurePosixPath(path).name.partition(".")[0]) or "file", {"path": path})


def _service(scheme: str, parts: SplitResult, port: int | None) -> str:
    """The database where it has a name, else the host; its port where the host says little."""
    database = _name(unquote(parts.path).strip("/"))
    if scheme.startswith("postgres") and database:
        return database
    host = parts.netloc.rpartition("@")[2] if "," in parts.netloc else (parts.hostname or "")
    if not host:
        return _name(PurePosixPath(unquote(parts.path)).stem) or scheme
    if host == "localhost" or _is_address(host):
        return f"{host}:{port}" if port else host
    return _name(host.partition(".")[0]) or scheme


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _name(text: str) -> str:
    """Text as a name: what no name may hold becomes a hyphen."""
    return re.sub(r"[^\w.@:-]+", "-", text).strip("-")[:80]


def _free(name: str, taken: Mapping[str, object]) -> str:
    number = 2
    free = name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free
