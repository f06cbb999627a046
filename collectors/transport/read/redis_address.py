"""Where a Redis is and how to log in: URLs of single servers, UNIX sockets and Sentinels."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote

from collectors.errors import OptionsError
from collectors.secret import Secret, SecretUrl

_PLAIN = {"redis", "valkey", "unix", "redis+unix", "valkey+unix", "redis+sentinel", "valkey+sentinel"}
_TLS = {"rediss", "valkeys", "rediss+sentinel", "valkeys+sentinel"}
_SENTINEL_PORT = 26379


@dataclass(frozen=True, slots=True)
class Login:
    """An ACL user and a password; both empty: none is sent."""

    user: str = ""
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """What a Redis URL says.

    ``sentinels`` are URLs of single Sentinels, tried in order, and ``primary`` is the name by which
    they know the primary; both are empty for a server that is dialled directly.
    """

    url: SecretUrl
    tls: bool
    db: int
    login: Login
    sentinels: tuple[SecretUrl, ...] = ()
    primary: str = ""
    sentinel_login: Login = Login()


_URL = re.compile(r"([^:/?#]+)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?")


def _split(url: SecretUrl) -> SplitResult:
    """As ``urlsplit``, which in some Pythons refuses a list of hosts with an IPv6 address in it."""
    found = _URL.fullmatch(url.reveal())
    if found is None:
        return SplitResult("", "", "", "", "")
    scheme, netloc, path, query = (part or "" for part in found.groups())
    return SplitResult(scheme, netloc, path, query, "")


def parse_address(url: SecretUrl) -> Address:
    """Read a URL; raises OptionsError with the right way to write it.

    ``redis://user:password@host:6379/0``, ``rediss://`` for TLS, ``unix:///path?db=0``,
    ``redis+sentinel://user:password@host:26379,host2/primary/0?sentinel_password=…``.
    """
    parts = _split(url)
    scheme = parts.scheme.lower()
    if scheme not in _PLAIN | _TLS:
        raise OptionsError(
            f"{url.shown} is not a Redis URL", "write redis://, rediss://, unix:// or redis+sentinel://"
        )
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    _refuse_lax_tls(url, query)
    login = _login(parts.netloc)
    if scheme.endswith("+sentinel"):
        return _sentinel(url, scheme in _TLS, login, query)
    path = "" if scheme.endswith("unix") else parts.path.strip("/")
    return Address(url, scheme in _TLS, _db(url, query.get("db") or path), login)


def _sentinel(url: SecretUrl, tls: bool, login: Login, query: dict[str, str]) -> Address:  # noqa: FBT001 - private
    parts = _split(url)
    hosts = [host for host in parts.netloc.rpartition("@")[2].split(",") if host]
    primary, _, db = parts.path.strip("/").partition("/")
    if not hosts or not primary:
        raise OptionsError(
            f"{url.shown} names no Sentinel or no primary",
            "write redis+sentinel://host:26379,host2:26379/primary-name/0",
        )
    sentinels = tuple(SecretUrl(f"redis://{_with_port(host)}") for host in hosts)
    password = query.get("sentinel_password")
    own = Login(query.get("sentinel_user", ""), Secret(password) if password else None)
    return Address(url, tls, _db(url, query.get("db") or db), login, sentinels, unquote(primary), own)


def _with_port(host: str) -> str:
    has_port = ":" in host.rpartition("]")[2]
    return host if has_port else f"{host}:{_SENTINEL_PORT}"


def _login(netloc: str) -> Login:
    user, _, password = netloc.rpartition("@")[0].partition(":")
    return Login(unquote(user), Secret(unquote(password)) if password else None)


def _db(url: SecretUrl, text: str) -> int:
    if not text:
        return 0
    if not text.isdecimal() or len(text) > 6:
        raise OptionsError(f"{url.shown}: the database is not a number", "write redis://host:6379/0")
    return int(text)


def _refuse_lax_tls(url: SecretUrl, query: dict[str, str]) -> None:
    lax = query.get("ssl_cert_reqs", "required").lower() != "required"
    if lax or query.get("ssl_check_hostname", "true").lower() in {"false", "0", "no"}:
        raise OptionsError(
            f"{url.shown} asks for TLS without verification, which is not done here",
            "drop that from the URL and name the authority in `ca_file`",
        )
