"""Secrets as types that cannot be printed by accident."""

from typing import Any, Self
from urllib.parse import unquote, urlsplit

from collectors.text import Shown

_MASK = "•••"
_SECRET_QUERY = ("pass", "pwd", "secret", "token", "key", "auth", "sig", "cred", "jwt", "session")


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
        return self._value.partition("://")[0].lower()

    @property
    def shown(self) -> Shown:
        """The URL without its secrets, for people; of one that cannot be taken apart, the scheme alone."""
        try:
            parts = urlsplit(self._value)
        except ValueError:
            return Shown(f"{self.scheme}://{_MASK}")
        login, _, host = parts.netloc.rpartition("@")
        user, colon, _ = login.partition(":")
        if user and not colon and self.scheme.startswith("http"):
            user = _MASK  # of a web service, a user without a password is a token
        query = "&".join(_shown_pair(pair) for pair in parts.query.split("&"))
        place = f"{parts.scheme}://{user}@{host}" if user else f"{parts.scheme}://{host}"
        return Shown(f"{place}{parts.path}?{query}" if parts.query else f"{place}{parts.path}")

    @classmethod
    def parse(cls, value: object) -> Self:
        """From a configuration value; raises ValueError, which never repeats it, for what is no URL."""
        url = super().parse(value)
        if "://" not in url.reveal():
            raise ValueError("not a URL: it has no scheme such as https://")
        try:
            urlsplit(url.reveal())
        except ValueError:
            # the parser's own message may repeat the password
            raise ValueError("not a URL: its host cannot be read") from None
        return url


def _shown_pair(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    plain = unquote(name).lower()
    return f"{name}={_MASK}" if equals and any(word in plain for word in _SECRET_QUERY) else pair
