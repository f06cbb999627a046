"""A driver's and a server's errors in words."""

import socket
import ssl

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    RedisError,
    ResponseError,
)
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
)

from collectors.errors import (
    AccessError,
    AnswerError,
    SourceError,
    TimedOutError,
    UnreachableError,
    UnsupportedError,
)

_REPLIES: tuple[tuple[str, type[SourceError], str, str], ...] = (
    ("LOADING", UnreachableError, "is loading its data", "it answers when that is done"),
    ("MOVED", UnsupportedError, "is a node of a Redis Cluster", "a cluster is not read as one server"),
    ("ASK", UnsupportedError, "is a node of a Redis Cluster", "a cluster is not read as one server"),
    ("CLUSTERDOWN", UnsupportedError, "is a node of a Redis Cluster", "a cluster is not read as one server"),
    ("READONLY", AccessError, "is a read-only replica", "name the primary in `url`"),
    (
        "MASTERDOWN",
        UnreachableError,
        "is a replica that has lost its primary",
        "see `INFO replication` there",
    ),
    ("OOM", AnswerError, "is out of memory (maxmemory)", "free memory or raise maxmemory"),
    ("BUSY", AnswerError, "is busy with a script that does not end", "`SCRIPT KILL` there ends it"),
)

_WAYS: tuple[tuple[type[OSError], type[SourceError], str, str], ...] = (
    (socket.gaierror, UnreachableError, "has a host name that is not known", "check it in `url`, and DNS"),
    (ConnectionRefusedError, UnreachableError, "refuses connections", "is the server running there?"),
    (ConnectionResetError, UnreachableError, "reset the connection", "see its log"),
    (FileNotFoundError, UnreachableError, "is a socket that does not exist", "is the server running?"),
    (PermissionError, AccessError, "is a socket that we may not use", "join the group that owns it"),
    (TimeoutError, TimedOutError, "did not accept in time", "it hangs, or the way to it does"),
)


def explain(error: BaseException, where: str) -> SourceError:
    """The error of ours that says what ``error`` means for the server ``where``."""
    if isinstance(error, SourceError):
        return error
    if isinstance(error, (TimeoutError, RecursionError)):
        return _local(error, where)
    if isinstance(error, AuthenticationError):
        return _login(error, where)
    if isinstance(error, NoPermissionError):
        return AccessError(
            f"{where} refuses: {error}", "give this user +@read, or name another user in `url`"
        )
    if isinstance(error, BusyLoadingError):
        return _reply("LOADING", where, error)
    if isinstance(error, ResponseError):
        return _reply(_code(error), where, error)
    if isinstance(error, (RedisConnectionError, OSError)):
        return _connection(error, where)
    return AnswerError(
        f"{where} gave an answer that is not Redis: {type(error).__name__}", "is the port right?"
    )


def _code(error: RedisError) -> str:
    return getattr(error, "status_code", None) or str(error).partition(" ")[0]


def _local(error: BaseException, where: str) -> SourceError:
    if isinstance(error, RecursionError):
        return AnswerError(f"{where} gave an answer nested too deep", "is the port right?")
    return TimedOutError(f"{where} gave no whole answer in time", "it hangs, or the way to it does")


def _login(error: AuthenticationError, where: str) -> SourceError:
    if _code(error) == "NOAUTH" or "NOAUTH" in str(error):
        return AccessError(f"{where} wants a password", "write it as redis://user:${NAME}@host")
    return AccessError(f"{where} refuses user or password", "check both in `url`")


def _reply(code: str, where: str, error: RedisError) -> SourceError:
    for known, kind, why, hint in _REPLIES:
        if code == known:
            return kind(f"{where} {why}", hint)
    return AnswerError(f"{where} answered: {error}")


def _connection(error: BaseException, where: str) -> SourceError:
    if "max number of clients" in str(error):
        return UnreachableError(
            f"{where} takes no more clients (maxclients)", "close some or raise maxclients"
        )
    cause = _cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        why = f"its certificate is not trusted ({cause.verify_message or 'verify failed'})"
        return UnreachableError(f"{where}: {why}", "name its authority in `ca_file`")
    if isinstance(cause, ssl.SSLError):
        return UnreachableError(f"{where}: TLS failed ({cause.reason})", "does it speak TLS on this port?")
    for kind, error_type, why, hint in _WAYS:
        if isinstance(cause, kind):
            return error_type(f"{where} {why}", hint)
    if cause is not None and cause.strerror:
        return UnreachableError(f"{where} cannot be reached: {cause.strerror}", "see the network between")
    return UnreachableError(f"{where} closed the connection", "see its log")


def _cause(error: BaseException | None) -> OSError | None:
    """The first OSError in the chain of causes."""
    for _ in range(8):
        if error is None or isinstance(error, OSError):
            return error if isinstance(error, OSError) else None
        error = error.__cause__ or error.__context__
    return None
