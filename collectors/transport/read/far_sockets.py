"""TCP of all processes by ``sudo -n ss``: for a login that may not see what others have open."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from collectors.errors import AnswerError
from collectors.text import one_line
from collectors.transport.host import Host
from collectors.transport.read.exec import run
from collectors.transport.read.processes import Sockets

LIMIT = 4 * 2**20
"""Bytes of a table: about 30,000 sockets."""

_ROW = re.compile(r"(LISTEN|ESTAB)\s+(\d+)\s+\d+\s+\S+:(\d{1,5})\s+\S+:(?:\d{1,5}|\*)\s+users:\((.*)\)\s*")
_USER = re.compile(r'",pid=(\d{1,10}),fd=\d{1,10}\)')


@dataclass(frozen=True, slots=True)
class Socket:
    """One socket that somebody has open. ``queue``: of one that listens, who waits to be accepted."""

    port: int
    listens: bool
    queue: int
    pids: frozenset[int]


class Table:
    """All sockets of one machine that listen or are connected, as ``ss -H -t -a -n -p`` prints them."""

    def __init__(self, text: str) -> None:
        self._rows = tuple(_rows(text))

    def of(self, pids: Iterable[int]) -> Sockets:
        """What those processes have open."""
        wanted = frozenset(pids)
        mine = [row for row in self._rows if row.pids & wanted]
        return Sockets(
            frozenset(row.port for row in mine if row.listens),
            tuple(row.port for row in mine if not row.listens),
            sum(row.queue for row in mine if row.listens),
        )

    def listeners(self, port: int) -> frozenset[int]:
        """Numbers of the processes that listen on a port."""
        return frozenset(pid for row in self._rows if row.listens and row.port == port for pid in row.pids)


def _rows(text: str) -> Iterable[Socket]:
    for line in text.splitlines():
        found = _ROW.fullmatch(line)
        if found is not None:
            state, queue, port, users = found.groups()
            pids = frozenset(int(pid) for pid in _USER.findall(users))
            yield Socket(int(port), state == "LISTEN", int(queue) if state == "LISTEN" else 0, pids)


async def table(host: Host, *, seconds: float) -> Table:
    """Ask once; raises AccessError where sudo refuses, and other SourceErrors."""
    output = await run("sockets.list", host=host, timeout=seconds, sudo=True, limit=LIMIT)
    if output.code != 0:
        raise AnswerError(f"ss: {one_line(output.err or f'exit code {output.code}', 160)}")
    return Table(output.out)
