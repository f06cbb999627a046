"""A cluster and a docker daemon of stand-ins (tests/servers/standins), which come first in PATH."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[2]
_WRAPPER = '#!/bin/sh\nPYTHONPATH={root} exec {python} -S -m tests.servers.standins.{name} "$@"\n'


def put_first(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `name` mean the stand-in, in a folder that is then the first of PATH."""
    program = folder / "bin" / name
    program.parent.mkdir(exist_ok=True)
    program.write_text(_WRAPPER.format(root=_ROOT, python=sys.executable, name=name))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


class Stand:
    """The state that a stand-in reads at each call."""

    def __init__(self, path: Path, state: dict[str, Any]) -> None:
        self.path = path
        self.state = state
        self.save()

    def save(self) -> None:
        """Let it hold from the next call on."""
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(self.state))
        draft.replace(self.path)

    def complain(self, words: str) -> None:
        """Answer every question with this complaint; with nothing, as before."""
        self.state["complaint"] = words
        self.save()


class Cluster(Stand):
    """Pods, and what selects them; the context is called `prod`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(
            folder / "cluster.json", {"pods": [], "deployments": [], "services": [], "rights": []}
        )
        self.folder = folder
        put_first("kubectl", folder, monkeypatch)
        monkeypatch.setenv("STANDIN_CLUSTER", str(self.path))

    def pod(
        self,
        name: str,
        *,
        ready: bool = True,
        phase: str = "Running",
        labels: Mapping[str, str] | None = None,
        ports: Mapping[int, int] | None = None,
        created: str = "2025-01-01T00:00:00Z",
        uid: str = "",
        restarts: int = 0,
        began: str = "",
        started: str = "",
        **meta: str,
    ) -> Path:
        """Add a pod with the containers app and side; `ports` of this machine by ports of the pod.

        Returns the file that holds its log. `started`: when app was. `began`: when its run before did,
        whose log is kept then in a file that is called after it.
        """
        log = self.folder / f"{name}.log"
        log.touch()
        metadata = {
            "name": name,
            "uid": uid or f"{name}-uid",
            "creationTimestamp": created,
            "labels": dict(labels or {"app": "orders"}),
            **meta,
        }
        told: dict[str, Any] = {"name": "app", "ready": ready, "restartCount": restarts, "state": {}}
        previous = self.folder / f"{name}.previous.log"
        if started:
            told["state"] = {"running": {"startedAt": started}}
        if began:
            told["lastState"] = {"terminated": {"startedAt": began}}
            previous.touch()
        if phase == "Pending":
            told["state"] = {"waiting": {"reason": "ImagePullBackOff"}}
        status = {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [told],
        }
        pod = {
            "kind": "Pod",
            "metadata": metadata,
            "spec": {"nodeName": "node-a", "containers": [{"name": "app"}, {"name": "side"}]},
            "status": status,
            "ports": dict(ports or {}),
            "log": str(log),
            "previous": str(previous) if began else "",
            "cuts": 0,
        }
        self.state["pods"] = [one for one in self.state["pods"] if one["metadata"]["name"] != name] + [pod]
        self.save()
        return log

    def remove(self, name: str) -> None:
        """The pod is gone."""
        self.state["pods"] = [one for one in self.state["pods"] if one["metadata"]["name"] != name]
        self.save()

    def cut(self, name: str) -> None:
        """Break what follows the pod's log."""
        for pod in self.state["pods"]:
            pod["cuts"] += pod["metadata"]["name"] == name
        self.save()

    def deployment(self, name: str, selector: Mapping[str, Any]) -> None:
        """Add a deployment with that `spec.selector`."""
        self.state["deployments"] += [
            {"kind": "Deployment", "metadata": {"name": name}, "spec": {"selector": selector}}
        ]
        self.save()

    def right(self, what: str) -> None:
        """Take a right away: `no exec`; or the shell: `no shell`."""
        self.state["rights"] += [what]
        self.save()


class Daemon(Stand):
    """Containers of a docker daemon on this machine; the context is called `prod`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder / "daemon.json", {"containers": [], "host": "unix:///var/run/docker.sock"})
        self.folder = folder
        put_first("docker", folder, monkeypatch)
        monkeypatch.setenv("STANDIN_DAEMON", str(self.path))

    def container(
        self,
        name: str,
        *,
        status: str = "running",
        address: str = "",
        published: Mapping[int, int] | None = None,
        made: str = "1",
        **more: object,
    ) -> Path:
        """Add or replace a container; `published` are ports of this machine by ports of the container.

        Returns the file that holds its log.
        """
        log = self.folder / f"{name}-{made}.log"
        log.touch()
        ports = {
            f"{port}/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(here)}]
            for port, here in (published or {}).items()
        }
        one = {
            "Id": f"{name}-{made}",
            "Name": f"/{name}",
            "State": {"Status": status, "Running": status == "running", "ExitCode": 3},
            "HostConfig": {"NetworkMode": "bridge"},
            "NetworkSettings": {"Networks": {"bridge": {"IPAddress": address}}, "Ports": ports},
            "log": str(log),
            **more,
        }
        self.state["containers"] = [c for c in self.state["containers"] if c["Name"] != f"/{name}"] + [one]
        self.save()
        return log

    def remove(self, name: str) -> None:
        """The container is gone."""
        self.state["containers"] = [c for c in self.state["containers"] if c["Name"] != f"/{name}"]
        self.save()
