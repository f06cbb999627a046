"""A process that follows a file and keeps what it got with its position: python follower.py PATH ACCOUNT.

Each line of the account is one write: the numbers of new records and the position behind them.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from collectors.base import Context
from collectors.logs.file import FileLogs, FileOptions
from collectors.model.logs import LogBatch


class Account:
    def __init__(self, path: Path) -> None:
        told = path.read_bytes().splitlines() if path.exists() else []
        self.last: Any = json.loads(told[-1])["position"] if told else None
        self.pending: list[int] = []
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def emit(self, batch: LogBatch) -> None:
        if not batch.replayed:
            fields = (field for record in batch.records for field in record.fields)
            self.pending += [int(value) for name, value in fields if name == "n"]

    def get(self, key: bytes) -> Any:
        return self.last

    def put(self, key: bytes, position: Any) -> None:
        line = json.dumps({"numbers": self.pending, "position": position}).encode() + b"\n"
        self.pending = []
        os.write(self.descriptor, line)


async def follow(path: Path, account: Account) -> None:
    context = Context(collector="test", every=1.0, emit=account.emit, positions=account)
    collector = FileLogs(FileOptions(path=str(path)), context)
    await collector.open()
    while True:
        await collector.collect()
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(follow(Path(sys.argv[1]), Account(Path(sys.argv[2]))))
