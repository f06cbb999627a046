"""Where the past of each followed stream lies, and how it is asked there."""

import os
from collections.abc import Callable, Iterable
from functools import partial

from collectors.logs._past_remote import RemotePast
from collectors.model.subject import Subject
from collectors.transport.endpoint import Dialer
from console.logs.reach import Origin
from console.settings.values import CollectorSettings


def origins(
    subjects: Iterable[Subject], configured: Iterable[CollectorSettings], dialer: Callable[[], Dialer]
) -> list[Origin]:
    """The origin of each stream; ``dialer`` is called where pasts are asked."""
    known = {(one.name, one.instance): one for one in configured}
    return [
        _origin(subject, known.get((subject.collector, subject.instance)), dialer) for subject in subjects
    ]


def _origin(subject: Subject, settings: CollectorSettings | None, dialer: Callable[[], Dialer]) -> Origin:
    if settings is None or settings.type != "logs.file":
        return Origin(subject, why="only what is in memory can be asked of this source")
    path, options = os.fsdecode(subject.id.key), settings.options
    if settings.server or options.sudo:
        past = partial(_remote, dialer, settings, path)
        return Origin(subject, far=past, where=settings.server or "this machine")
    return Origin(subject, path)


def _remote(dialer: Callable[[], Dialer], settings: CollectorSettings, path: str) -> RemotePast:
    host = dialer().host(settings.server)
    return RemotePast(host, path, sudo=settings.options.sudo, timeout=settings.timeout)
