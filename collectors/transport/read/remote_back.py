"""Where to begin in a file on another machine so that the last minutes are read back: by a few samples."""

from collectors.transport.read.files_back import Back, When
from collectors.transport.read.remote_look import Listed, Peek, RemoteLook

SAMPLES = 16
SAMPLE = 4096
"""Bytes of one sample; the first whole line in it tells its time."""

UNTIMED = 64 * 1024
"""Bytes read back where no line tells its time."""


async def find_back(look: RemoteLook, file: Listed, when: When, cutoff: float, most: int) -> Back:
    """The start of a line at or before the first line of ``cutoff`` or later, at most ``most`` bytes back.

    It is early by up to a sixteenth of what is looked at: the reader drops what is older.
    """
    size = file.size
    if size == 0:
        return Back(0, young=True)
    # whole seconds are told
    if most == 0 or file.mtime + 1 < cutoff:
        return Back(await _last_line(look, file))
    lowest = max(0, size - most)
    count = SAMPLES if size - lowest > SAMPLES * SAMPLE else max(1, (size - lowest) // SAMPLE)
    places = [lowest + index * (size - lowest) // count for index in range(count)]
    if size - lowest > UNTIMED:
        places = sorted({*places, size - UNTIMED})
    peeks = [Peek(file.path, max(0, place - 1), min(SAMPLE, size - place + 1)) for place in places]
    told = [_sample(peek, data, when) for peek, data in zip(peeks, await look.peek(peeks), strict=True)]
    starts = [start for start, _ in told if start is not None]
    if not any(time is not None for _, time in told):
        late = [start for start in starts if start >= size - UNTIMED]
        offset = late[0] if late else starts[-1] if starts else size
        return Back(offset, cut=offset > 0, timed=False)
    older = [start for start, time in told if start is not None and time is not None and time < cutoff]
    if older:
        return Back(older[-1])
    return Back(starts[0] if starts else size, cut=lowest > 0, young=lowest == 0)


async def _last_line(look: RemoteLook, file: Listed) -> int:
    """The start of the line that has not ended, or the end of the file."""
    start = max(0, file.size - UNTIMED)
    [data] = await look.peek([Peek(file.path, start, file.size - start)])
    end = data.rfind(b"\n")
    return start + end + 1 if end >= 0 else file.size


def _sample(peek: Peek, data: bytes, when: When) -> tuple[int | None, float | None]:
    """The start of the first whole line of a sample, and the first time that is told from there on."""
    begin = 0
    if peek.offset > 0:
        begin = data.find(b"\n") + 1
        if begin == 0:
            return None, None
    lines = data[begin:].split(b"\n")
    for line in lines[:-1] or lines:
        if (time := when(line)) is not None:
            return peek.offset + begin, time
    return peek.offset + begin, None
