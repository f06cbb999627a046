"""A service as a process of its own, with readiness, drain switch, gauge and counter, as the lab's have them.

Arguments: port, pid file. `/slow?s=3` takes that long; all else answers at once. Ends by SIGTERM (uvicorn).
"""

import asyncio
import os
import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

STATE = {"draining": False, "active": 0, "ended": 0}


async def readyz(_request: Request) -> Response:
    return PlainTextResponse("draining" if STATE["draining"] else "ok", 503 if STATE["draining"] else 200)


async def drain(request: Request) -> Response:
    if request.method != "GET":
        STATE["draining"] = request.method == "POST"
    return JSONResponse({"draining": STATE["draining"]})


async def metrics(_request: Request) -> Response:
    return PlainTextResponse(
        f"# TYPE http_server_active_requests gauge\nhttp_server_active_requests {STATE['active']}\n"
        f"# TYPE http_requests_total counter\nhttp_requests_total {STATE['ended']}\n"
    )


async def work(request: Request) -> Response:
    STATE["active"] += 1
    try:
        await asyncio.sleep(float(request.query_params.get("s", 0.01)))
        return PlainTextResponse(str(os.getpid()))
    finally:
        STATE["active"] -= 1
        STATE["ended"] += 1


app = Starlette(
    routes=[
        Route("/readyz", readyz),
        Route("/drain", drain, methods=["GET", "POST", "DELETE"]),
        Route("/metrics", metrics),
        Route("/{path:path}", work),
    ]
)


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(f"{os.getpid()}\n")
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical", lifespan="off", ws="none")
