"""Where the past of each followed stream lies, and how it is asked there."""

import os
from collections.abc import Callable, Iterable
from functools import partial

from collectors.base import Context
from collectors.errors import UnsupportedError
from collectors.logs._pasts import AsksPast, past_of
from collectors.model.subject import Subject
from collectors.transport.endpoint import Dialer
from console.logs.reach import Origin
from console.logs.warm import PASTS
from console.settings.values import CollectorSettings

_WHERE = {"logs.kube": "by kubectl", "logs.docker": "by docker", "logs.redis": "by Redis"}


def origins(
    subjects: Iterable[Subject], configured: Iterable[CollectorSettings], dialer: Callable[[], Dialer]
) -> list[Origin]:
    """The origin of each stream; ``dialer`` is called where pasts are asked."""
    known = {(one.name, one.instance): one for one in configured}
    return [
        _origin(subject, known.get((subject.collector, subject.instance)), dialer) for subject in subjects
    ]


def where_of(settings: CollectorSettings) -> str:
    """Where the past of a collector's streams lies, as a sentence says it."""
    if settings.server:
        return f"on {settings.server}"
    return _WHERE.get(settings.type, "on this machine")


def asks(settings: CollectorSettings, dialer: Callable[[], Dialer], key: bytes | None = None) -> AsksPast:
    """The past of a collector's stream; raises what ``past_of`` raises, and where there is none."""
    context = Context(
        collector=settings.name,
        instance=settings.instance,
        server=settings.server,
        timeout=settings.timeout,
        dialer=dialer(),
    )
    past = past_of(settings.type, settings.options, context, key)
    if past is None:
        raise UnsupportedError("the past of this stream cannot be asked")
    return past


def _origin(subject: Subject, settings: CollectorSettings | None, dialer: Callable[[], Dialer]) -> Origin:
    if settings is None or settings.type not in PASTS:
        return Origin(subject, why="only what is in memory can be asked of this source")
    if settings.type == "logs.file" and not (settings.server or settings.options.sudo):
        return Origin(subject, os.fsdecode(subject.id.key))
    return Origin(subject, far=partial(asks, settings, dialer, subject.id.key), where=where_of(settings))
