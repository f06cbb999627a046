"""Requests of actions: places are values in a path, a query, a header or a body, and nowhere else."""

import json
from collections.abc import Iterable
from urllib.parse import urlsplit

from collectors.transport.headers import breaks_line, is_header
from console.settings.commands import read_text
from console.settings.problems import KeyPath
from console.settings.secrets import absolute, has_password, tell_inline
from console.settings.strict import Strict
from console.settings.template import PLACES, Template, is_secret
from console.settings.tree import Tree
from console.settings.values import CustomRequest

METHODS = ("POST", "PUT", "PATCH", "DELETE", "GET")

_SCHEMES = ("http", "https", "http+unix", "https+unix")
_WORD = "qdplace"
"""Stands for a value while a text is checked: it is no JSON, and no encoding changes it."""

_PROBE = dict.fromkeys(PLACES, _WORD)


def read_request(tree: Tree, table: Strict) -> CustomRequest | None:
    """The key ``request``; None where it is not set, and after telling of a mistake."""
    if table.raw("request") is None:
        return None
    inner = Strict(tree.problems, table.path("request"), table.raw("request"))
    method = inner.choice("method", METHODS, "POST")
    url = _url(tree, inner)
    headers = _headers(tree, inner)
    body = _body(tree, inner, method)
    encoding = _encoding(tree, inner, body, headers)
    files = {
        key: absolute(tree, inner.path(key), inner.text(key))
        for key in ("ca_file", "client_cert", "client_key")
    }
    inner.done(elsewhere={"timeout": "set it beside request"})
    if url is None:
        return None
    return CustomRequest(method=method, url=url, headers=headers, body=body, encoding=encoding, **files)


def _url(tree: Tree, table: Strict) -> Template | None:
    value, at = table.raw("url"), table.path("url")
    if value is None:
        if "url" not in table.values and not table.problems.is_spoiled(table.at):
            table.problems.add(table.at, "has no url", 'set url = "https://…"')
        return None
    url = read_text(tree, at, value)
    if url is None:
        return None
    wrong = _wrong_url(url)
    if wrong is not None:
        tree.problems.spoil(at, *wrong)
        return None
    if has_password(tree.templates.get(at, str(value))):
        tell_inline(tree, at, value)
    return url


def _wrong_url(url: Template) -> tuple[str, str] | None:
    """What is wrong with a URL, and what to do; its text is never repeated."""
    unreadable = "is not a URL: its host cannot be read", "write it as https://host/path"
    try:
        parts = urlsplit(url.fill(_PROBE))
    except ValueError:
        return unreadable
    if _WORD in parts.scheme or _WORD in parts.netloc.lower():
        return "a subject cannot choose the server", "use places in the path and the query alone"
    try:
        host, _ = parts.hostname, parts.port
    except ValueError:
        return unreadable
    if parts.scheme not in _SCHEMES or not host:
        return "must be a URL of HTTP", "write it as https://host/path"
    if parts.fragment:
        return "what stands behind # is never sent", "take it out"
    if any(part in (".", "..") for part in parts.path.split("/")):
        return "has a path with . or .. in it", "write the path that is meant"
    return None


def _headers(tree: Tree, table: Strict) -> tuple[tuple[str, Template], ...]:
    found: list[tuple[str, Template]] = []
    for name, value in table.table("headers").items():
        at = (*table.path("headers"), name)
        if not is_header(name):
            tree.problems.add(at, f"the header {name!r} cannot be set", "leave it out")
            continue
        read = read_text(tree, at, value, hidden=name.lower() != "content-type")
        if read is None:
            continue
        if breaks_line(read.fill(_PROBE)):
            tree.problems.add(at, "the value has a control character", "remove it")
        if is_secret(name):
            tell_inline(tree, at, value)
        found.append((name, read))
    return tuple(found)


def _body(tree: Tree, table: Strict, method: str) -> Template | None:
    value, at = table.raw("body"), table.path("body")
    if value is None:
        return None
    if method == "GET":
        table.wrong("body", "GET has no body", "choose another method, or leave it out")
        return None
    return read_text(tree, at, value)


def _encoding(
    tree: Tree, table: Strict, body: Template | None, headers: Iterable[tuple[str, Template]]
) -> str:
    """How places in the body are written; tells where that is not known."""
    if body is None:
        return ""
    at: KeyPath = table.path("body")
    declared = next((str(value).lower() for name, value in headers if name.lower() == "content-type"), "")
    text = body.fill(_PROBE)
    if "json" in declared or (not declared and text.lstrip()[:1] in ("{", "[")):
        try:
            json.loads(text)
        except ValueError as error:
            words = "a place must stand in quotes there" if body.places else "correct it"
            tree.problems.add(at, f"is not JSON: {error}", words)
        return "json"
    if "form-urlencoded" in declared:
        return "form"
    if body.places:
        words = "places are known in JSON and in forms, and this is neither"
        tree.problems.add(at, words, "write JSON, or set the header Content-Type")
    return ""
