"""Stands in for docker 28: its command lines, answers and complaints, of containers in a JSON file.

The words were taken from the real client, which was given a daemon that answered so; exec runs on this
machine.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.servers.standins import remote

NO_PROGRAM = (
    "OCI runtime exec failed: exec failed: unable to start container process: exec: "
    '"{program}": executable file not found in $PATH: unknown'
)


def main(words: list[str]) -> int:
    """Do as docker does."""
    state = json.loads(Path(os.environ["STANDIN_DAEMON"]).read_text())
    if words[0].startswith("--context="):
        name = words.pop(0).partition("=")[2]
        if name != "prod":
            return remote.fail(
                f'Failed to initialize: unable to resolve docker endpoint: context "{name}": context not'
                " found: open /root/.docker/contexts/meta/ca37/meta.json: no such file or directory"
            )
    if words[:2] == ["context", "inspect"]:
        print(json.dumps([{"Name": "default", "Endpoints": {"docker": {"Host": state["host"]}}}]))
        return 0
    if state.get("complaint"):
        if words[0] == "inspect":
            print("[]")
        return remote.fail(state["complaint"])
    return {"inspect": inspect, "exec": run, "logs": logs}[words[0]](state, words[1:])


def inspect(state: dict[str, Any], words: list[str]) -> int:
    """``inspect --type=container NAME``."""
    found = _container(state, words[1])
    print(json.dumps([found] if found else []))
    return 0 if found else remote.fail(f"Error response from daemon: No such container: {words[1]}")


def run(state: dict[str, Any], words: list[str]) -> int:
    """``exec -i NAME ARGV``."""
    found, argv = _container(state, words[1]), words[2:]
    if found is None:
        return remote.fail(f"Error response from daemon: No such container: {words[1]}")
    if not found["State"]["Running"]:
        return remote.fail(f"Error response from daemon: container {found['Id']} is not running")
    if found.get("no_shell"):
        # docker puts this on the stream of the command
        print(NO_PROGRAM.format(program=argv[0]))
        return 127
    return remote.run(argv)


def logs(state: dict[str, Any], words: list[str]) -> int:
    """``logs [-f] --timestamps [--since TIME] [--until TIME] NAME``; one that follows ends with it."""
    found = _container(state, words[-1])
    if found is None:
        return remote.fail(f"Error response from daemon: No such container: {words[-1]}")

    def ended() -> bool:
        now = _container(json.loads(Path(os.environ["STANDIN_DAEMON"]).read_text()), words[-1])
        return now is None or not now["State"]["Running"]

    since = words[words.index("--since") + 1] if "--since" in words else ""
    until = words[words.index("--until") + 1] if "--until" in words else "~"
    return remote.tell(found["log"], since, ended if "-f" in words else lambda: True, until)


def _container(state: dict[str, Any], name: str) -> Any:
    return next((one for one in state["containers"] if name in (one["Name"].lstrip("/"), one["Id"])), None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
