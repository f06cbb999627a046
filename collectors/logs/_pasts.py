"""The past of a stream by the type of its collector: one way to ask, wherever it lies."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol, runtime_checkable

from collectors import registry
from collectors.base import Context
from collectors.logs._past import Coverage, Piece


class AsksPast(Protocol):
    """What lies behind a stream, to be asked for a window of time.

    ``newest_first``: in which order pieces come, and so which end is missing where the limit came first.
    ``coverage`` tells of the last reading.
    """

    coverage: Coverage
    newest_first: bool

    async def estimate(self, since: float | None = None, until: float | None = None) -> int | None:
        """Bytes that are read at most for a window (UTC epoch seconds); None where nobody knows beforehand.

        Raises SourceError.
        """
        ...

    async def head(self) -> Sequence[bytes]:
        """Lines by which the format is recognised; none where nobody knows beforehand. Raises SourceError."""
        ...

    def pieces(
        self,
        since: float | None = None,
        until: float | None = None,
        *,
        contains: bytes | None = None,
        any_case: bool = False,
        cap: int | None = None,
    ) -> AsyncIterator[Piece]:
        """Whole lines of a window and a little around it, as the follower of the stream gives them.

        ``contains``: lines without these bytes may be left out; ``any_case``: they are in lower case, and
        ASCII letters fit in both. ``cap``: bytes to read at most, about. Raises SourceError. What runs for
        it ends with it: ``aclose`` it where it is left before its end.
        """
        ...


@runtime_checkable
class HasPast(Protocol):
    """A class of log collectors whose streams have a past that can be asked."""

    @classmethod
    def past(cls, options: Any, context: Context, key: bytes | None) -> AsksPast | None:  # noqa: ANN401 - each has its own
        """The past of the stream whose subject has that key, or of all; None where there is no way to it."""
        ...


def past_of(kind: str, options: object, context: Context, key: bytes | None = None) -> AsksPast | None:
    """The past of a stream of a configured collector; None where it has none that can be asked.

    ``kind``: the type (``logs.journald``); ``options``: validated. Of ``context`` count ``collector`` (for
    the words of errors), ``server``, ``dialer`` and ``timeout`` (seconds for one answer), and for
    ``logs.redis`` ``leases``, whose event loop must be the one that asks. ``key``: of the stream's subject;
    without it all streams are meant, but a pattern of files or several Redis streams need one. Files of
    this machine are for ``Past``. Raises PluginError for a type that is not there, and OptionsError for a
    URL that cannot be used.
    """
    found: Any = registry.load(kind)
    return found.past(options, context, key) if isinstance(found, HasPast) else None
