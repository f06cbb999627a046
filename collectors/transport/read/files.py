"""A tail that follows a log file's path through every kind of rotation.

It blocks, so it belongs in a FileThread.
"""

import errno
import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from collectors.positions import Position
from collectors.transport.read.files_back import When, find_back
from collectors.transport.read.files_lines import LINE_CAP, Line
from collectors.transport.read.files_open import NotRegularError, OpenFile, Seen
from collectors.transport.read.files_place import FileId, FilesPosition, FilesRead, Span
from collectors.transport.read.files_resume import find_chain
from collectors.transport.read.files_siblings import Siblings, Strangers
from collectors.transport.read.source import Got, SourceState, SourceStatus

PARTIAL_HELD = 2.0
"""Seconds for which a line without its newline is held."""

LINGER = 5.0
"""Seconds for which a file that was renamed or deleted is still read after its last growth."""

LEFT = 32
"""Files remembered that were read to their end."""


HINTS = {
    SourceState.MISSING: "waiting for the file to come",
    SourceState.DENIED: "the console's user may not read it",
    SourceState.NOT_A_FILE: "something else than a regular file stands there",
    SourceState.FAILED: "the system refuses to read it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TailOptions:
    """How to begin and what to keep.

    ``back``: seconds read back at the start, within ``back_bytes``. ``catch_up``: bytes read at most of
    what was written since an earlier run. ``cap``: bytes of a line.
    """

    back: float = 900.0
    back_bytes: int = 8 * 1024 * 1024
    catch_up: int = 256 * 1024 * 1024
    cap: int = LINE_CAP


class Tail:
    """Follows one path: rename, copytruncate, delete and create, late creation, lost permission.

    It keeps descriptors open, so that a renamed file is drained and a reused inode number cannot
    deceive. ``fresh``: the file was found while watching, so its lines are news and no backlog.
    """

    def __init__(self, path: str, when: When, options: TailOptions, *, fresh: bool = False) -> None:
        self.path = self.name = path
        self.key = os.fsencode(path)
        self.label = Path(path).name
        self.resumed = False
        self.gone = False
        self._resume: FilesPosition | None = None
        self.ids: frozenset[FileId] = frozenset()
        self.left: frozenset[Seen] = frozenset()
        self._when = when
        self._options = options
        self._first_look = not fresh
        self._files: list[OpenFile] = []
        self._memo: OpenFile | None = None
        self._at_path: FileId | None = None
        self._siblings = Siblings(path)
        self._loose: list[Line] = []
        self._left: deque[Seen] = deque(maxlen=LEFT)
        self._state = SourceState.MISSING
        self._why = ""
        self._rotations = 0
        self._truncations = 0
        self._lost = 0
        self._lost_more = False
        self._skipped = 0
        self._cut = False
        self._timed = True

    def resume(self, position: Position | None) -> None:
        """Go on where an earlier run stopped; to be called before the first read.

        What that run has read is read again for ``back`` seconds only, and marked as replayed.
        """
        self._resume = FilesPosition.from_json(position)
        self.resumed = self._resume is not None

    def read(self, limit: int, now: float, wall: float) -> Got:
        """The next lines, of ``limit`` bytes at most (never raises).

        ``now``: CLOCK_BOOTTIME seconds. ``wall``: UTC epoch seconds.
        """
        self._look(wall)
        lines, self._loose = self._loose, []
        spans = [Span(None, len(lines), 0)] if lines else []
        total, backlog, replayed, halted = 0, False, False, False
        for file in tuple(self._files):
            left = file.backlog_end - file.offset
            halted = halted or limit - total <= 0 or (left > 0 and bool(lines or total))
            if halted:
                spans.append(Span(file.place(), 0, 0))
                continue
            if left > 0 and (again := file.replay_end - file.offset) > 0:
                left, replayed = min(left, again), True
            before, place = file.offset, file.place()
            got, ended = self._read_one(file, min(limit, left) if left > 0 else limit - total, now)
            spans.append(Span(place, len(got), file.offset - file.splitter.pending, ended))
            lines += got
            total += file.offset - before
            if left > 0:
                backlog = halted = True
                file.backlog_end = file.backlog_end if file.offset > before else file.offset
        self._let_go(now)
        self.ids, self.left = frozenset(file.id for file in self._files), frozenset(self._left)
        self.gone = self._state is SourceState.MISSING and not self._files
        read = FilesRead(tuple(spans), lines, wall)
        return Got(lines, backlog, total, self._status(), replayed, read)

    def close(self) -> None:
        """Give all descriptors back."""
        for file in self._files:
            file.close()
        self._files.clear()

    def _read_one(self, file: OpenFile, room: int, now: float) -> tuple[list[Line], bool]:
        """The next lines of one file, and whether the last of them has ended."""
        before, ended = file.offset, True
        try:
            lines = file.read(room)
            file.look()
        except OSError as error:
            self._fail(error)
            self._drop(file)
            return [], True
        if file.offset > before:
            file.quiet_since = None
        elif file.quiet_since is None:
            file.quiet_since = now
        elif file.splitter.partial and now - file.quiet_since >= PARTIAL_HELD:
            lines += file.splitter.flush()
            ended = False
        return lines, ended

    def _look(self, wall: float) -> None:
        """See what stands at the path now, and act on it."""
        newest = self._files[-1] if self._files else None
        try:
            found = Path(self.path).stat()
            self._at_path = (found.st_dev, found.st_ino)
            if newest is None or newest.id != self._at_path:
                self._switch(wall)
            else:
                self._check(newest, found)
            self._state, self._why = SourceState.FOLLOWING, ""
        except OSError as error:
            self._fail(error)
        self._first_look = False

    def _check(self, file: OpenFile, found: os.stat_result) -> None:
        """See whether a file that changed still holds what we have read of it."""
        same = (file.size, file.modified) == (found.st_size, found.st_mtime)
        if not same or file.offset > file.size:
            strangers = self._strangers(file.id, file.id)
            if self._was_cut(file, strangers.copies):
                self._siblings.learn()

    def _fail(self, error: OSError) -> None:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            self._state = SourceState.MISSING
            self._at_path = None
        elif error.errno in (errno.EACCES, errno.EPERM):
            self._state = SourceState.DENIED
        elif isinstance(error, NotRegularError):
            self._state = SourceState.NOT_A_FILE
        else:
            self._state = SourceState.FAILED
        self._why = error.strerror or str(error)

    def _switch(self, wall: float) -> None:
        """Another file stands at the path than the one read last, or the first one."""
        opened = OpenFile.open(self.path, self._options.cap)
        newest = self._files[-1] if self._files else None
        before = newest or self._memo
        self._memo = None
        if before is None:
            self._begin(opened, wall)
        elif before.continues_in(opened):
            before.hand_over(opened)
            if newest is not None:
                self._drop(newest)
            self._files.append(opened)
        else:
            self._rotated(before, opened)
        self._siblings.learn()

    def _rotated(self, before: OpenFile, opened: OpenFile) -> None:
        """Our file moved or went away: drain it, what came between, then the one at the path."""
        strangers = self._strangers(before.id, opened.id)
        copies, after = strangers.copies, strangers.after
        self._lost_more |= bool(after) and not strangers.met
        if before in self._files:
            unclear = after if not strangers.met and before.offset else []
            if self._was_cut(before, copies or unclear) and unclear:
                after = []
        between = self._open_all(after)
        self._rotations += 1 + len(between)
        self._files += [*between, opened]

    def _begin(self, opened: OpenFile, wall: float) -> None:
        """Begin with the first file seen at the path, where an earlier run stopped if there was one."""
        options = self._options
        resume, self._resume = self._resume, None
        if resume is not None:
            chain = find_chain(self.path, opened, resume, options.cap, options.catch_up)
            if chain is not None:
                self._files += chain.files
                self._lost_more |= chain.lost_more
                self._skipped += chain.skipped
                if not resume.here:
                    self._replay(chain.found, opened, wall - options.back)
                return
            self._lost_more = True
        self._files.append(opened)
        if not self._first_look and opened.size <= options.back_bytes:
            return
        cutoff = wall - options.back
        back = find_back(opened, self._when, cutoff, options.back_bytes if options.back else 0)
        opened.start_at(back.offset)
        self._cut, self._timed = back.cut, back.timed
        if resume is not None and back.timed:
            # what is older than the earlier run's last word, that run has probably read
            opened.replay_end = find_back(opened, self._when, resume.at, opened.size).offset
        if back.young and opened.size < options.back_bytes and options.back:
            self._begin_before(cutoff, options.back_bytes - opened.size, replayed=resume is not None)

    def _replay(self, found: OpenFile, opened: OpenFile, cutoff: float) -> None:
        """Go back from where an earlier run stopped to ``cutoff``, for those who look."""
        if found.floor:
            return
        options = self._options
        stopped, most = found.offset, options.back_bytes if options.back else 0
        back = find_back(opened, self._when, cutoff, most)
        if found is not opened and back.young:
            back = find_back(found, self._when, cutoff, max(0, most - opened.size))
        elif found is not opened:
            return
        elif back.young and found.size < most:
            self._begin_before(cutoff, most - found.size, replayed=True)
        self._cut, self._timed = back.cut, back.timed
        if back.offset < stopped:
            found.start_at(back.offset)
            found.replay_end = stopped

    def _begin_before(self, cutoff: float, most: int, *, replayed: bool) -> None:
        """Begin in the file rotated away last, where the present one is younger than what is wanted."""
        try:
            older = OpenFile.open(f"{self.path}.1", self._options.cap)
        except OSError:
            return
        if older.id in {file.id for file in self._files}:
            older.close()
            return
        back = find_back(older, self._when, cutoff, most)
        older.start_at(back.offset)
        older.replay_end = older.size if replayed else 0
        self._cut = back.cut
        self._files.insert(0, older)

    def _strangers(self, ours: FileId, present: FileId) -> Strangers:
        following = {file.id for file in self._files} - {ours}
        return self._siblings.strangers(ours, present, following, self._left)

    def _open_all(self, paths: list[str]) -> list[OpenFile]:
        opened: list[OpenFile] = []
        for path in paths:
            try:
                opened.append(OpenFile.open(path, self._options.cap))
            except OSError:
                self._lost_more = True
        return opened

    def _was_cut(self, file: OpenFile, copies: list[str]) -> bool:
        """If the file was truncated since the last look: go on in the copies that were made, then anew.

        ``copies`` are oldest first; the first that holds what we have read holds the rest of it too.
        """
        unread = file.behind
        opened: list[OpenFile] = []
        if file.offset == 0:
            file.look()
            opened = self._open_all(copies)
            cut = not all(file.begins_as(copy) for copy in opened)
        else:
            cut = not file.intact()
            opened = self._open_all(copies) if cut else []
        if not cut:
            for copy in opened:
                copy.close()
            return False
        fits = (at for at, copy in enumerate(opened) if file.offset <= copy.size and file.agrees(copy))
        first = next(fits, None)
        for copy in opened[:first] if first else ():
            copy.close()
        opened = opened[first:]
        self._truncations += max(1, len(opened))
        if first is not None:
            file.hand_over(opened[0])
        else:
            self._lost += unread
            self._lost_more = True
            if file.splitter.partial:
                self._loose += file.splitter.flush()
        at = self._files.index(file)
        self._files[at:at] = opened
        file.restart()
        return True

    def _let_go(self, now: float) -> None:
        """Close what was rotated away or deleted and has not grown for a while."""
        for file in tuple(self._files):
            quiet = file.quiet_since is not None and now - file.quiet_since >= LINGER
            if file.id == self._at_path or not quiet or file.behind:
                continue
            if file is self._files[-1]:
                self._memo = file
            self._drop(file)

    def _drop(self, file: OpenFile) -> None:
        self._files.remove(file)
        self._left.append(file.seen)
        file.close()

    def _status(self) -> SourceStatus:
        return SourceStatus(
            state=self._state,
            why=self._why,
            hint=HINTS.get(self._state, ""),
            behind=sum(file.behind for file in self._files),
            rotations=self._rotations,
            truncations=self._truncations,
            lost=self._lost,
            lost_more=self._lost_more,
            skipped=self._skipped,
            modified=self._files[-1].modified if self._files else None,
            cut=self._cut,
            timed=self._timed,
        )
