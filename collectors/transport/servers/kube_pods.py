"""Pods as ``kubectl get -o json`` tells them: which there are, and which one to use."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from collectors.errors import AnswerError

_DEFAULT = "kubectl.kubernetes.io/default-container"


@dataclass(frozen=True, slots=True)
class Runs:
    """How often a container was started again, and whether the log of the run before is kept (``previous``).

    ``started``: when the last run began; ``began``: the oldest one whose log is kept. RFC 3339, empty where
    that is not told.
    """

    container: str
    restarts: int
    previous: bool
    started: str
    began: str


@dataclass(frozen=True, slots=True)
class PodSeen:
    """One pod as it was when we looked.

    ``phase`` is Kubernetes' word; ``reason`` why a container waits (``CrashLoopBackOff``), empty if none
    does. ``leaving``: it is being deleted. ``created`` is RFC 3339. ``container``: the one that kubectl
    takes by itself. ``runs_of``: its containers that were started.
    """

    name: str
    uid: str
    phase: str
    ready: bool
    leaving: bool
    restarts: int
    node: str
    created: str
    reason: str
    containers: tuple[str, ...]
    container: str
    runs_of: tuple[Runs, ...] = ()

    @property
    def runs(self) -> bool:
        """Whether programs can be run in it, and will be for a while."""
        return self.phase == "Running" and not self.leaving

    @property
    def words(self) -> str:
        """Its state for a sentence."""
        if self.leaving:
            return f"{self.name} is being deleted"
        state = self.phase + (f" ({self.reason})" if self.reason else "")
        return f"{self.name} is {state}{'' if self.ready or self.phase != 'Running' else ', not ready'}"


def parsed(answer: bytes) -> dict[str, Any]:
    """An object of the API; raises AnswerError."""
    try:
        found = json.loads(answer)
    except ValueError:
        raise AnswerError("kubectl's answer is not JSON") from None
    if not isinstance(found, dict):
        raise AnswerError("kubectl's answer is not an object")
    return found


def pods_of(answer: Mapping[str, Any]) -> tuple[PodSeen, ...]:
    """The pods of a list, or the one that it is; by age, the oldest first."""
    items = answer.get("items", [answer])
    return tuple(sorted((_seen(item) for item in items), key=lambda pod: (pod.created, pod.name)))


def best(pods: Iterable[PodSeen]) -> PodSeen | None:
    """The pod to use: one that runs, ready ones first, of these the oldest; None where none runs."""
    running = [pod for pod in pods if pod.runs]
    return next((pod for pod in running if pod.ready), running[0] if running else None)


def selector_of(workload: Mapping[str, Any]) -> str:
    """The selector by which a workload or service finds its pods, as ``-l`` takes it; empty without one."""
    selector = workload.get("spec", {}).get("selector") or {}
    if not {"matchLabels", "matchExpressions"} & selector.keys():
        return ",".join(f"{key}={value}" for key, value in selector.items())
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    return ",".join([*parts, *map(_expression, selector.get("matchExpressions") or [])])


def _expression(one: Mapping[str, Any]) -> str:
    operator, key = one["operator"], one["key"]
    if operator in ("In", "NotIn"):
        return f"{key} {operator.lower()} ({','.join(one['values'])})"
    return str(key) if operator == "Exists" else f"!{key}"


def _seen(item: Mapping[str, Any]) -> PodSeen:
    meta, spec, status = item.get("metadata", {}), item.get("spec", {}), item.get("status", {})
    containers = tuple(str(one["name"]) for one in spec.get("containers", []))
    told = status.get("containerStatuses") or []
    conditions = {one.get("type"): one.get("status") for one in status.get("conditions") or []}
    waiting = [one.get("state", {}).get("waiting", {}).get("reason", "") for one in told]
    default = meta.get("annotations", {}).get(_DEFAULT, "")
    return PodSeen(
        name=str(meta.get("name", "")),
        uid=str(meta.get("uid", "")),
        phase=str(status.get("phase", "Unknown")),
        ready=conditions.get("Ready") == "True",
        leaving="deletionTimestamp" in meta,
        restarts=sum(int(one.get("restartCount", 0)) for one in told),
        node=str(spec.get("nodeName", "")),
        created=str(meta.get("creationTimestamp", "")),
        reason=next((reason for reason in waiting if reason), ""),
        containers=containers,
        container=default if default in containers else (containers[0] if containers else ""),
        runs_of=tuple(map(_runs, told)),
    )


def _runs(told: Mapping[str, Any]) -> Runs:
    """One of ``containerStatuses``."""
    before = (told.get("lastState") or {}).get("terminated") or {}
    state = told.get("state") or {}
    started = str((state.get("running") or state.get("terminated") or {}).get("startedAt") or "")
    return Runs(
        container=str(told.get("name", "")),
        restarts=int(told.get("restartCount", 0)),
        previous=bool(before),
        started=started,
        began=str(before.get("startedAt") or "") if before else started,
    )
