"""A driver's and a server's errors in words."""

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
from collectors.transport.faults import socket_fault

_CLUSTER = "a node of a Redis Cluster"
_REPLIES: dict[str, tuple[type[SourceError], str, str]] = {
    "LOADING": (UnreachableError, "loading its data", "it answers when that is done"),
    "MOVED": (UnsupportedError, _CLUSTER, "a cluster is not read as one server"),
    "ASK": (UnsupportedError, _CLUSTER, "a cluster is not read as one server"),
    "CLUSTERDOWN": (UnsupportedError, _CLUSTER, "a cluster is not read as one server"),
    "READONLY": (AccessError, "a read-only replica", "name the primary in `url`"),
    "MASTERDOWN": (UnreachableError, "a replica that has lost its primary", "see `INFO replication` there"),
    "OOM": (AnswerError, "out of memory (maxmemory)", "free memory or raise maxmemory"),
    "BUSY": (AnswerError, "busy with a script that does not end", "`SCRIPT KILL` there ends it"),
}
"""By the first word of a refusal: what it means."""


def explain(error: BaseException, where: str) -> SourceError:
    """The error of ours that says what ``error`` means; its hint names the server ``where``."""
    if isinstance(error, SourceError):
        return error
    if isinstance(error, TimeoutError):
        return TimedOutError("no whole answer in time", f"{where} hangs, or the way to it does")
    if isinstance(error, AuthenticationError):
        return _login(error, where)
    if isinstance(error, NoPermissionError):
        return AccessError(f"no right: {error}", f"give the user of {where} +@read, or name another")
    if isinstance(error, BusyLoadingError):
        return _refused("LOADING", error, where)
    if isinstance(error, ResponseError):
        return _refused(_code(error), error, where)
    if isinstance(error, (RedisConnectionError, OSError)):
        return _connection(error, where)
    return AnswerError("the answer is not Redis's", f"{where}: is the port right? ({type(error).__name__})")


def _code(error: RedisError) -> str:
    return getattr(error, "status_code", None) or str(error).partition(" ")[0]


def _login(error: AuthenticationError, where: str) -> SourceError:
    if "NOAUTH" in (_code(error), *str(error).split()):
        return AccessError("it wants a password", f"{where}: write redis://user:${{NAME}}@host")
    return AccessError("user or password refused", f"{where}: check both in `url`")


def _refused(code: str, error: RedisError, where: str) -> SourceError:
    if code not in _REPLIES:
        return AnswerError(f"refused: {error}", where)
    kind, why, hint = _REPLIES[code]
    return kind(why, f"{where}: {hint}")


def _connection(error: BaseException, where: str) -> SourceError:
    if "max number of clients" in str(error):
        return UnreachableError("it takes no more clients (maxclients)", f"{where}: close some, or raise it")
    return socket_fault(error, where) or UnreachableError("connection closed", f"see the log of {where}")
