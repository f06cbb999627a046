"""Which headers a configuration may set: a name that is one, a value that cannot break out of its line."""

import re

from collectors.errors import OptionsError
from collectors.secret import Secret

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_OURS = frozenset({"accept-encoding", "connection", "content-length", "transfer-encoding", "upgrade", "te"})


def is_header(name: str) -> bool:
    """Whether a header of this name may be set; those that frame the message are ours."""
    return _TOKEN.fullmatch(name) is not None and name.lower() not in _OURS


def breaks_line(value: str) -> bool:
    """Whether a value holds what could end its line: a control character other than the tab."""
    return any((char < " " and char != "\t") or char == "\x7f" for char in value)


def check_header(name: str, value: Secret) -> None:
    """Raises OptionsError, which does not repeat the value, for a header that cannot be sent."""
    if not is_header(name):
        raise OptionsError(f"the header {name!r} cannot be set", "leave it out")
    if breaks_line(value.reveal()):
        raise OptionsError(f"the value of the header {name!r} has a control character", "remove it")
