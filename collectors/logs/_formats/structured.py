"""The structured data of RFC 5424, section 6.3."""

MOST = 16 * 1024
"""Characters looked at."""


def parameters(text: str) -> tuple[dict[str, str], str]:
    """The parameters of all elements and the message behind them, without its byte order mark."""
    if text[:1] == "-":
        return {}, _message(text[1:])
    found: dict[str, str] = {}
    at = 0
    while text[at : at + 1] == "[":
        end = _element(text, at + 1, found)
        if end < 0:
            return {}, text
        at = end
    return found, _message(text[at:])


def _element(text: str, at: int, found: dict[str, str]) -> int:
    """Where the element ends whose id begins at ``at``; -1 where it does not end."""
    limit = min(len(text), MOST)
    while at < limit and text[at] not in " ]":
        at += 1
    while at < limit and text[at] == " ":
        sign = text.find('="', at, limit)
        if sign < 0:
            return -1
        name, at = text[at + 1 : sign], sign + 2
        value: list[str] = []
        while at < limit and text[at] != '"':
            # only these three are escaped; any other backslash is one
            at += text[at] == "\\" and text[at + 1 : at + 2] in ('"', "\\", "]")
            value.append(text[at : at + 1])
            at += 1
        found.setdefault(name, "".join(value))
        at += 1
    return at + 1 if at < limit and text[at] == "]" else -1


def _message(text: str) -> str:
    return text.removeprefix(" ").removeprefix("\ufeff")
