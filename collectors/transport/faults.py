"""Failures of sockets in words: one short phrase for the cell, one hint with the place."""

import errno
import os
import ssl
from collections.abc import Iterator

from collectors.errors import AccessError, SourceError, TimedOutError, UnreachableError
from collectors.transport.endpoint import Dial, UnixDial
from collectors.transport.tls import tls_error

_OURS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL)
_RESET = (errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED)
_NO_WAY = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN)


def place_of(dial: Dial) -> str:
    """An address for a sentence."""
    if dial.place:
        return dial.place
    if isinstance(dial, UnixDial):
        return dial.path
    return f"[{dial.host}]:{dial.port}" if ":" in dial.host else f"{dial.host}:{dial.port}"


async def through(dial: Dial, fault: SourceError) -> SourceError:
    """The fault of a connection, or what the server on the way says of it.

    A socket that leads through a server takes every connection: that nobody was there is known there.
    """
    if isinstance(dial, UnixDial) and dial.probe is not None and isinstance(fault, UnreachableError):
        try:
            await dial.probe()
        except SourceError as told:
            return told
    return fault


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it came from, and so on to the root; of a group, its members."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting and len(seen) < 50:
        link = waiting.pop(0)
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        if isinstance(link, BaseExceptionGroup):
            waiting.extend(link.exceptions)
        waiting.append(link.__cause__ or link.__context__)


def tls_cause(error: BaseException) -> ssl.SSLError | None:
    """The TLS error behind ``error``, if there is one."""
    return next((link for link in causes(error) if isinstance(link, ssl.SSLError)), None)


def socket_fault(error: BaseException, place: str) -> SourceError | None:
    """The TLS or socket failure behind ``error``, in words; None where there is neither.

    A failure of our own side (no descriptor, no port left) is a plain SourceError: it says nothing
    about the source.
    """
    tls = tls_cause(error)
    if tls is not None:
        return tls_error(tls, place)
    for link in causes(error):
        if isinstance(link, OSError) and link.errno is not None and link.errno > 0:
            return _errno_fault(link.errno, place)
    return None


def _errno_fault(number: int, place: str) -> SourceError:
    said = os.strerror(number).lower()
    if number in _OURS:
        return SourceError(f"this console has a problem of its own: {said}", "see `ulimit -n`")
    if number == errno.ECONNREFUSED:
        return UnreachableError("refused", f"nothing listens on {place}")
    if number in _RESET:
        return UnreachableError("reset", f"{place} closed the connection without an answer")
    if number in _NO_WAY:
        return UnreachableError("no route", f"{place}: {said}")
    if number == errno.ETIMEDOUT:
        return TimedOutError("no connection", f"{place} does not react")
    if number == errno.ENOENT:
        return UnreachableError("no such socket", f"{place} does not exist")
    if number in (errno.EACCES, errno.EPERM):
        return AccessError("permission denied", f"this user may not connect to {place}")
    return UnreachableError(said, place)
