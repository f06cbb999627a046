"""TLS to a PostgreSQL that is reached by another address than its own: verified by its name all the same.

asyncpg verifies the address that it dials, and speaks no TLS over UNIX sockets; so it dials a port here, with
a context that insists on the real name. What the URL says of TLS means what it means to libpq.
"""

import os
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from collectors.errors import OptionsError, SourceError
from collectors.secret import SecretUrl

_WANTED = ("require", "verify-ca", "verify-full")
_FOLDER = Path("~/.postgresql")


class _Pinned(ssl.SSLContext):
    """Sends and verifies one name, whatever was dialled."""

    pinned: str

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,  # noqa: FBT001, FBT002 - as in the class above
        server_hostname: str | bytes | None = None,  # noqa: ARG002 - it is the address that was dialled
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """Wrap as always, but with the pinned name."""
        return super().wrap_bio(incoming, outgoing, server_side, self.pinned, session)


def wants_tls(url: SecretUrl) -> bool:
    """Whether a URL, or PGSSLMODE, asks for a PostgreSQL with TLS."""
    return url.scheme in ("postgres", "postgresql") and _mode(_said(url)) in _WANTED


def pinned(url: SecretUrl, name: str) -> ssl.SSLContext | None:
    """What ``ssl`` of asyncpg takes for a server of that name, None where TLS is not asked for.

    Reads files: ``sslrootcert``, ``sslcrl``, ``sslcert`` and ``sslkey`` of the URL, or libpq's usual ones.
    Raises SourceError that names the file which cannot be used.
    """
    if not wants_tls(url):
        return None
    said = _said(url)
    mode, root = _mode(said), _file(said, "sslrootcert", "root.crt")
    context = _Pinned(ssl.PROTOCOL_TLS_CLIENT)
    context.pinned = name
    context.check_hostname = mode == "verify-full"
    if root == "system":
        context.load_default_certs()
    elif root:
        _loaded("sslrootcert", root, context.load_verify_locations, root)
    elif mode == "require":
        # as libpq has it: encrypted, and whoever answers is believed
        context.verify_mode = ssl.CERT_NONE
    else:
        hint = "name its authority: sslrootcert=/path/ca.pem, or sslrootcert=system"
        raise SourceError(f"sslmode={mode} without an authority", hint)
    crl = _file(said, "sslcrl", "root.crl")
    if crl and root:
        _loaded("sslcrl", crl, context.load_verify_locations, crl)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    certificate, key = _file(said, "sslcert", "postgresql.crt"), _file(said, "sslkey", "postgresql.key")
    if certificate:
        password = said.get("sslpassword", "")
        _loaded("sslcert", certificate, context.load_cert_chain, certificate, key or None, lambda: password)
    return context


def _said(url: SecretUrl) -> dict[str, str]:
    try:
        query = parse_qs(urlsplit(url.reveal()).query)
    except ValueError:
        raise OptionsError(f"{url.shown}: cannot be read", "write postgres://user@host/database") from None
    return {name: values[-1] for name, values in query.items()}


def _mode(said: dict[str, str]) -> str:
    return said.get("sslmode") or os.environ.get("PGSSLMODE", "")


def _file(said: dict[str, str], name: str, usual: str) -> str:
    """A file of the URL, of the environment, or the usual one if it is there."""
    given = said.get(name) or os.environ.get(f"PG{name.upper()}", "")
    if given:
        return given
    found = (_FOLDER / usual).expanduser()
    return str(found) if found.is_file() else ""


def _loaded(name: str, path: str, load: Any, *arguments: Any) -> None:  # noqa: ANN401 - ssl's own functions
    try:
        load(*arguments)
    except OSError as error:
        words = "not a usable PEM file" if isinstance(error, ssl.SSLError) else error.strerror
        raise SourceError(f"{name} {path}: {words}") from None
