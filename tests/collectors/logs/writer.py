"""A real process that writes numbered lines: python writer.py PATH MODE COUNT PAUSE BATCH."""

import os
import sys
import time
from pathlib import Path


def main() -> None:
    path, mode, count, pause, batch = Path(sys.argv[1]), sys.argv[2], *map(float, sys.argv[3:6])
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    descriptor = os.open(path, flags)
    for number in range(int(count)):
        if number and number % int(batch) == 0:
            if mode == "rename":
                for older in (3, 2, 1):
                    if Path(f"{path}.{older}").exists():
                        Path(f"{path}.{older}").rename(f"{path}.{older + 1}")
                path.rename(f"{path}.1")
            elif mode == "delete":
                path.unlink()
            if mode in ("rename", "delete"):
                # the old descriptor is still written to, as by a daemon that was not told yet
                os.write(
                    descriptor, b'{"n":%d,"level":"info","event":"last of its file"}\n' % (1_000_000 + number)
                )
                os.close(descriptor)
                descriptor = os.open(path, flags)
        os.write(descriptor, b'{"n":%d,"level":"info","event":"line"}\n' % number)
        if pause:
            time.sleep(pause)
    os.write(descriptor, b'{"n":-1,"level":"info","event":"end"}\n')


if __name__ == "__main__":
    main()
