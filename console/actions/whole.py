"""A line is on disk whole, or it is not there."""

import errno
import os


def append_whole(fd: int, line: bytes) -> None:
    """Append to a file opened with O_APPEND and sync it; raises OSError, and then nothing was added.

    A full disk writes a part without a word: that part is cut off again.
    """
    end = os.fstat(fd).st_size
    try:
        if os.write(fd, line) == len(line):
            os.fsync(fd)
            return
    except OSError:
        os.ftruncate(fd, end)
        raise
    os.ftruncate(fd, end)
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
