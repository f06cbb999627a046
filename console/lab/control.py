"""Cause and end incidents in a running lab, over the UNIX socket in its folder.

One JSON object a line: `{"do": "list"}`, `{"do": "start", "name": "pool-leak"}`, `{"do": "stop", "name": …}`;
the answer is `{"active": [names]}` or `{"error": "…"}`.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from console.lab.processes import LabError

SOCKET = "control.sock"
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class IncidentInfo:
    """An incident as one reads of it: name, what happened in one sentence, what one sees and presses."""

    name: str
    title: str
    sees: str
    press: str


def list_incidents() -> tuple[IncidentInfo, ...]:
    """Tell which incidents there are."""
    from console.lab.incidents import INCIDENTS  # noqa: PLC0415 - their drivers take time that others need not wait

    return tuple(IncidentInfo(one.name, one.title, one.sees, one.press) for one in INCIDENTS.values())


def not_installed(problem: ImportError) -> LabError:
    """Return the error that names the extra to install."""
    return LabError(f"the demo needs {problem.name}, which is not here: pip install 'quarterdeck[demo]'")


async def start(name: str, lab: Path) -> None:
    """Cause an incident; `lab` is the lab's folder or its control socket. Raises LabError."""
    await _ask(lab, {"do": "start", "name": name})


async def stop(name: str, lab: Path) -> None:
    """End an incident; one that is not under way is no error. Raises LabError."""
    await _ask(lab, {"do": "stop", "name": name})


async def active(lab: Path) -> tuple[str, ...]:
    """Tell the names of the incidents that are under way. Raises LabError."""
    return tuple((await _ask(lab, {"do": "list"}))["active"])


async def _ask(lab: Path, question: dict[str, str]) -> dict[str, Any]:
    path = lab if lab.name == SOCKET else lab / SOCKET
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(json.dumps(question).encode() + b"\n")
            line = await reader.readline()
            writer.close()
            await writer.wait_closed()
    except TimeoutError:
        raise LabError(f"the lab at {path} did not answer within {PATIENCE:g} s") from None
    except OSError as problem:
        raise LabError(f"no lab answers at {path}: {problem}") from None
    if not line:
        raise LabError("the lab ended before it answered")
    answer: dict[str, Any] = json.loads(line)
    if error := answer.get("error"):
        raise LabError(error)
    return answer


async def listen(path: Path, handle: Callable[[str, str], Any]) -> asyncio.Server:
    """Serve the socket; the coroutine `handle(do, name)` returns the active names or raises LabError."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            question = json.loads(await reader.readline())
            answer = {"active": await handle(str(question.get("do", "")), str(question.get("name", "")))}
        except (LabError, ValueError, AttributeError) as problem:
            answer = {"error": str(problem)}
        writer.write(json.dumps(answer).encode() + b"\n")
        writer.close()

    return await asyncio.start_unix_server(talk, path)
