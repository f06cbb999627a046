"""A real service as a process of its own: writes its number, serves with uvicorn, ends by SIGTERM.

Arguments: pid file, port, how many worker processes hold the connections (0: the first does itself).
"""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.servers.waiting import wait_until


def serve(port: int) -> None:
    """Uvicorn with one application that answers when the file `PID_FILE.gate` is there."""
    import uvicorn

    gate = Path(f"{sys.argv[1]}.gate")

    def opened() -> None:
        wait_until(gate.exists, 60)

    async def app(scope: object, receive: object, send: object) -> None:
        await asyncio.to_thread(opened)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})  # type: ignore[operator] # ASGI, untyped here
        await send({"type": "http.response.body", "body": b"done"})  # type: ignore[operator] # the same

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical", lifespan="off", ws="none")


def prefork(port: int, workers: int) -> None:
    """Accept in children, as pre-forking servers do; the first process only waits for them."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        children = []
        for _ in range(workers):
            child = os.fork()
            if child == 0:
                kept = []
                while True:
                    kept.append(listening.accept())
            children.append(child)

        def end(_number: int, _frame: object) -> None:
            for child in children:
                os.kill(child, signal.SIGKILL)
            os._exit(0)

        signal.signal(signal.SIGTERM, end)
        for child in children:
            os.waitpid(child, 0)


def main() -> None:
    path, port, workers = sys.argv[1:]
    Path(path).write_text(f"{os.getpid()}\n")
    if int(workers):
        prefork(int(port), int(workers))
    else:
        serve(int(port))


if __name__ == "__main__":
    main()
