"""A custom action's texts filled in for one subject: what is sent, what is shown, and why it may not be."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus, urlsplit

from collectors.model.subject import Subject
from collectors.secret import Secret, SecretUrl
from collectors.text import Shown, one_line, shown
from collectors.transport.headers import breaks_line
from console.settings.template import MASK, Template
from console.settings.values import CustomAction, CustomRequest

Values = Mapping[str, str]
"""What the places stand for, by their names."""

SHORTEST_SECRET = 4
"""Characters of a secret that is looked for in what was said: a shorter one is in every word."""

_SUBJECT = "subject"


def values_of(subject: Subject) -> dict[str, str]:
    """What the places stand for; the subject is its key, and is left out where that is no text."""
    values = {
        "service": subject.service,
        "instance": subject.instance,
        "collector": subject.collector,
    }
    try:
        return {_SUBJECT: subject.id.key.decode(), **values}
    except UnicodeDecodeError:
        return values


def lacking(action: CustomAction, values: Values) -> Iterator[str]:
    """Why the places of an action cannot be filled in for this subject."""
    places = dict.fromkeys(place for text in _texts(action) for place in text.places)
    for place in places:
        if place not in values:
            yield f"{{{place}}} cannot be filled in: the subject's name is no UTF-8"
        elif not values[place]:
            yield f"{{{place}}} cannot be filled in: this subject has no {place}"


def argv(action: CustomAction, values: Values) -> list[str]:
    """The arguments; a value is a part of one of them, whatever it holds."""
    return [word.fill(values) for word in action.command]


def wrong_arguments(action: CustomAction, values: Values) -> Iterator[str]:
    """Why the arguments may not be handed to the program."""
    for word in action.command:
        text = word.fill(values)
        if not word.literals[0].reveal() and text.startswith("-"):
            begin = f"the argument {str(one_line(text, 60))!r} would be read as an option"
            yield f"{begin}: the {word.places[0]} begins with -"
    filled = [*argv(action, values), *(text.fill(values) for _, text in action.env)]
    if any("\0" in text for text in filled):
        yield "a name with a null byte cannot be an argument"


def environment(action: CustomAction, values: Values) -> dict[str, Secret]:
    """The variables that the program gets besides the standard ones."""
    return {name: Secret(text.fill(values)) for name, text in action.env}


def url(request: CustomRequest, values: Values) -> SecretUrl:
    """The URL, with each value percent-encoded."""
    return SecretUrl(request.url.fill(values, _percent))


def headers(request: CustomRequest, values: Values) -> dict[str, str]:
    """The headers, with the type of a body that has none."""
    found = {name: text.fill(values) for name, text in request.headers}
    if request.encoding == "json" and not any(name.lower() == "content-type" for name in found):
        found["Content-Type"] = "application/json"
    return found


def body(request: CustomRequest, values: Values) -> bytes:
    """The body, with each value escaped as its encoding has it."""
    return b"" if request.body is None else request.body.fill(values, _encoder(request)).encode()


def wrong_request(request: CustomRequest, values: Values) -> Iterator[str]:
    """Why the request may not be sent."""
    # A server would read these as folders, and percent-encoding does not change a dot.
    if any(part in (".", "..") for part in urlsplit(url(request, values).reveal()).path.split("/")):
        yield "a name that is . or .. would lead to another path"
    for name, text in request.headers:
        value = text.fill(values)
        if breaks_line(value):
            yield f"a name with a line end or a control character cannot stand in the header {name}"
        elif not value.isascii():
            yield f"the header {name} cannot have characters that are not ASCII"


def told(action: CustomAction, values: Values) -> list[str]:
    """All that decides what is done, for people and for the journal: without its secrets."""
    request = action.request
    if request is None:
        return [word.show(values) for word in action.command]
    lines = [f"{request.method} {SecretUrl(request.url.show(values, _percent)).shown}"]
    lines += [f"{name}: {text.show(values)}" for name, text in request.headers]
    if request.body is not None:
        lines.append(request.body.show(values, _encoder(request)))
    return lines


def last_lines(said: bytes, action: CustomAction, most: int) -> tuple[Shown, ...]:
    """The last lines that a program or a server said, without the secrets that it was given."""
    lines = [line for line in unsaid(said, action).splitlines() if line.strip()]
    return tuple(one_line(line) for line in lines[-most:])


def unsaid(said: bytes | str, action: CustomAction) -> str:
    """A text without the secrets that the action was given."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    secrets = {secret.reveal() for one in _texts(action) for secret in one.secrets}
    long = sorted((one for one in secrets if len(one) >= SHORTEST_SECRET), key=len, reverse=True)
    return re.sub("|".join(map(re.escape, long)), MASK, text) if long else text


def samples(lines: Iterable[str]) -> tuple[Shown, ...]:
    """Lines for a plan."""
    return tuple(shown(line, 2000) for line in lines)


def _texts(action: CustomAction) -> Iterator[Template]:
    yield from action.command
    yield from (text for _, text in action.env)
    if action.request is not None:
        yield action.request.url
        yield from (text for _, text in action.request.headers)
        if action.request.body is not None:
            yield action.request.body


def _encoder(request: CustomRequest) -> Callable[[str], str]:
    return _json if request.encoding == "json" else quote_plus


def _percent(value: str) -> str:
    return quote(value, safe="")


def _json(value: str) -> str:
    return json.dumps(value)[1:-1]
