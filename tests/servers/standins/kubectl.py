"""Stands in for kubectl 1.32: its command lines, answers and complaints, of a cluster that is a JSON file.

The words were taken from the real client, which was given an API server that answered so; exec runs on this
machine, port-forward forwards to a port of this machine.
"""

import json
import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from tests.servers.standins import remote

NOT_FOUND = 'Error from server (NotFound): {kind} "{name}" not found'
FORBIDDEN = (
    'Error from server (Forbidden): pods "{name}" is forbidden: User "dev" cannot {verb} resource'
    ' "{what}" in API group "" in the namespace "default"'
)
NO_PROGRAM = (
    "error: Internal error occurred: Internal error occurred: error executing command in container: failed"
    ' to exec in container: failed to start exec "6f": OCI runtime exec failed: exec failed: unable to start'
    ' container process: exec: "{program}": executable file not found in $PATH: unknown'
)
PREVIOUS = (
    'Error from server (BadRequest): previous terminated container "{container}" in pod "{name}" not found'
)
REFUSED = (
    'E1127 07:16:54.150282   10050 portforward.go:424] "Unhandled Error" err="an error occurred forwarding'
    " {local} -> {port}: error forwarding port {port} to pod 0c1d, uid : failed to execute portforward in"
    ' network namespace \\"/var/run/netns/cni-1\\": failed to connect to localhost:{port} inside namespace'
    ' \\"5f2a\\", IPv4: dial tcp4 127.0.0.1:{port}: connect: connection refused"'
)


def main(words: list[str]) -> int:
    """Do as kubectl does."""
    state = json.loads(Path(os.environ["STANDIN_CLUSTER"]).read_text())
    options = {}
    while words and words[0].startswith("--"):
        name, _, value = words.pop(0)[2:].partition("=")
        options[name] = value
    if options.get("context", "prod") != "prod":
        return remote.fail(
            f"Error in configuration: context was not found for specified context: {options['context']}"
        )
    if state.get("complaint"):
        return remote.fail(state["complaint"])
    verbs = {"get": get, "exec": run, "port-forward": forward, "logs": logs}
    return verbs[words[0]](state, words[1:])


def get(state: dict[str, Any], words: list[str]) -> int:
    """``get pods -l SELECTOR -o json`` and ``get KIND/NAME -o json``."""
    if words[0] == "pods":
        wanted = dict(part.split("=") for part in words[words.index("-l") + 1].split(","))
        items = [pod for pod in state["pods"] if wanted.items() <= pod["metadata"]["labels"].items()]
        answer: dict[str, Any] = {"apiVersion": "v1", "items": items, "kind": "List"}
    else:
        kind, _, name = words[0].partition("/")
        plural = {"pod": "pods", "deploy": "deployments.apps", "svc": "services"}.get(kind)
        if plural is None:
            return remote.fail(f'error: the server doesn\'t have a resource type "{kind}"')
        found = [one for one in state[plural.partition(".")[0]] if one["metadata"]["name"] == name]
        if not found:
            return remote.fail(NOT_FOUND.format(kind=plural, name=name))
        answer = found[0]
    print(json.dumps(answer))
    return 0


def run(state: dict[str, Any], words: list[str]) -> int:
    """``exec -i POD -c CONTAINER -- ARGV``."""
    pod, argv = _pod(state, words[1]), words[words.index("--") + 1 :]
    if pod is None:
        return remote.fail(NOT_FOUND.format(kind="pods", name=words[1]))
    if "no exec" in state["rights"]:
        return remote.fail(FORBIDDEN.format(name=words[1], verb="create", what="pods/exec"))
    if pod["status"]["phase"] != "Running":
        phase = pod["status"]["phase"]
        return remote.fail(
            f"error: cannot exec into a container in a completed pod; current phase is {phase}"
        )
    if "no shell" in state["rights"]:
        return remote.fail(NO_PROGRAM.format(program=argv[0]))
    code = remote.run(argv)
    return remote.fail(f"command terminated with exit code {code}", code) if code else 0


def forward(state: dict[str, Any], words: list[str]) -> int:
    """``port-forward --address=127.0.0.1 pod/NAME :PORT``."""
    name, port = words[1].removeprefix("pod/"), words[2].removeprefix(":")
    pod = _pod(state, name)
    if pod is None:
        return remote.fail(NOT_FOUND.format(kind="pods", name=name))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        local = listener.getsockname()[1]
        print(f"Forwarding from 127.0.0.1:{local} -> {port}", flush=True)
        while True:
            near, _ = listener.accept()
            print(f"Handling connection for {local}", flush=True)
            try:
                far = socket.create_connection(("127.0.0.1", pod["ports"].get(port, 1)))
            except OSError:
                remote.fail(REFUSED.format(local=local, port=port))
                return remote.fail("error: lost connection to pod")
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=_copy, args=(one, other), daemon=True).start()


def logs(state: dict[str, Any], words: list[str]) -> int:
    """``logs [-f] [--previous] --timestamps [--since-time=TIME] -c CONTAINER POD``.

    Whole seconds count; one that follows ends with the pod.
    """
    name = words[-1]
    told = [word.partition("=")[2] for word in words if word.startswith("--since-time=")]
    since = told[0][:19] if told else ""
    pod = _pod(state, name)
    if pod is None:
        return remote.fail(
            f'error: error from server (NotFound): pods "{name}" not found in namespace "default"'
        )
    if words[-2] not in [one["name"] for one in pod["spec"]["containers"]]:
        return remote.fail(f"error: container {words[-2]} is not valid for pod {name}")

    if "--previous" in words and not pod["previous"]:
        return remote.fail(PREVIOUS.format(container=words[-2], name=name))
    if "-f" not in words:
        return remote.tell(pod["previous" if "--previous" in words else "log"], since, lambda: True)

    def cut() -> int:
        found = _pod(json.loads(Path(os.environ["STANDIN_CLUSTER"]).read_text()), name)
        return -1 if found is None else int(found["cuts"])

    before = cut()
    remote.tell(pod["log"], since, lambda: cut() != before)
    return 0 if cut() < 0 else remote.fail("error: unexpected EOF")


def _pod(state: dict[str, Any], name: str) -> Any:
    return next((pod for pod in state["pods"] if pod["metadata"]["name"] == name), None)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        target.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
