"""Secrets as types that cannot be printed by accident."""

from typing import Any, Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from collectors.text import Shown

_MASK = "•••"
_SECRET_QUERY = ("pass", "secret", "token", "key", "auth", "sig")


class Secret:
    """A value that prints as a mask; only ``reveal`` gives it away."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself, for the driver that needs it."""
        return self._value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_MASK})"

    def __str__(self) -> str:
        return _MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and type(other) is type(self) and other._value == self._value

    def __hash__(self) -> int:
        return hash((type(self), self._value))

    def __reduce__(self) -> Any:  # noqa: ANN401 - object's own signature
        raise TypeError("a secret is not to be pickled or copied into a file")

    @classmethod
    def parse(cls, value: object) -> Self:
        """From a configuration value; raises ValueError for anything but a non-empty string."""
        if isinstance(value, cls):
            return value
        if not isinstance(value, str) or not value:
            raise ValueError("must be a non-empty string")
        return cls(value)


class SecretUrl(Secret):
    """A URL whose password and secret query values are never printed."""

    __slots__ = ()

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:
        return f"SecretUrl({self.shown!r})"

    @property
    def scheme(self) -> str:
        """Lower-case scheme."""
        return urlsplit(self._value).scheme.lower()

    @property
    def shown(self) -> Shown:
        """The URL without its secrets, for people."""
        parts = urlsplit(self._value)
        host = parts.netloc.rpartition("@")[2]
        user = parts.netloc.rpartition("@")[0].partition(":")[0]
        pairs = [
            (name, _MASK if any(word in name.lower() for word in _SECRET_QUERY) else value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
        ]
        query = urlencode(pairs, quote_via=quote, safe="•/:")
        netloc = f"{user}@{host}" if user else host
        return Shown(urlunsplit((parts.scheme, netloc, parts.path, query, "")))

    @classmethod
    def parse(cls, value: object) -> Self:
        """From a configuration value; raises ValueError where there is no scheme."""
        url = super().parse(value)
        if "://" not in url.reveal():
            raise ValueError("not a URL: it has no scheme such as https://")
        return url
