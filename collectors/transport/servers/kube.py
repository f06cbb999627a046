"""The kubectl way: exec into a pod and forwards to it, by the user's own kubectl and its contexts."""

import asyncio
import re
import shlex
import time
from collections.abc import Mapping

from collectors.errors import AnswerError, UnreachableError, UnsupportedError
from collectors.transport.endpoint import Dial, TcpDial
from collectors.transport.host import Ran
from collectors.transport.servers import complaints
from collectors.transport.servers.children import Child, Guard
from collectors.transport.servers.kube_pods import PodSeen, best, parsed, pods_of, selector_of
from collectors.transport.servers.outside import ASK_WITHIN, LOOPBACK, Instance, OutsideWay
from collectors.transport.servers.spec import Pod
from collectors.transport.servers.state import Fault, ServerError

_FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+) -> ")
_TERMINATED = re.compile(rb"(?:\A|\n)command terminated with exit code (\d+)\s*\Z")
_NOBODY = re.compile(r"connection refused|failed to connect to")
_LOOKED = 0.5
"""Seconds in which a forward tells that nobody listens in the pod."""


class KubeWay(OutsideWay):
    """The way to one pod, chosen when it opens and kept until it is gone: a new pod is another instance.

    kubectl forwards to TCP ports of 127.0.0.1 only, which every local user may connect to: on a machine
    that is shared, what the pod serves must ask for a password of its own.
    """

    kind = "kubectl"
    remedies = complaints.KUBECTL_REMEDIES

    def __init__(self, name: str, pod: Pod, guard: Guard) -> None:
        super().__init__(name)
        self._wanted = pod
        self._guard = guard
        self._pod: PodSeen | None = None
        self._container = ""
        self._forwards: dict[int, tuple[int, Child]] = {}
        self._nobody: set[int] = set()
        self._forwarding = asyncio.Lock()
        self.target = target_of(pod)
        self.by_hand = by_hand(pod)

    @property
    def program(self) -> tuple[str, ...]:
        """Kubectl with its context and namespace, where they are configured."""
        return _program(self._wanted)

    async def pods(self) -> tuple[PodSeen, ...]:
        """The pods that the target stands for, the oldest first; raises ServerError."""
        selector = self._wanted.selector
        if selector:
            return pods_of(await self._get("pods", "-l", selector))
        target = self._wanted.target if "/" in self._wanted.target else f"pod/{self._wanted.target}"
        found = await self._get(target)
        if found.get("kind") == "Pod":
            return pods_of(found)
        selector = selector_of(found)
        if not selector:
            raise self.refused(Fault.GONE, f"{target} selects no pods", "name a deployment, service or pod")
        return pods_of(await self._get("pods", "-l", selector))

    async def open(self) -> None:
        """Choose a pod: one that is ready if there is one; raises ServerError where none runs."""
        self.begin()
        await self._end_forwards()
        self._nobody.clear()
        found = await self.pods()
        chosen = best(found)
        if chosen is None:
            if not found:
                raise self.refused(Fault.GONE, f"no pod belongs to {self.target}")
            raise self.refused(Fault.NOT_RUNNING, "; ".join(pod.words for pod in found[:3]))
        wanted = self._wanted.container
        if wanted and wanted not in chosen.containers:
            there = ", ".join(chosen.containers)
            raise self.refused(Fault.GONE, f"pod {chosen.name} has no container {wanted}: it has {there}")
        self._pod, self._container = chosen, wanted or chosen.container

    async def check(self) -> float | None:
        """Seconds that kubectl takes to tell of the pod, its own start included."""
        pod = self._pod
        if pod is None:
            return None
        began = time.perf_counter()
        try:
            now = pods_of(await self._get(f"pod/{pod.name}"))[0]
        except ServerError as error:
            if error.fault in (Fault.GONE, Fault.AUTH):
                self.lost(error.fault, f"pod {pod.name}: {error.hint}")
            return None
        if now.uid != pod.uid:
            self.lost(Fault.GONE, f"pod {pod.name} was replaced")
        elif not now.runs:
            self.lost(Fault.GONE if now.leaving else Fault.NOT_RUNNING, f"pod {now.words}")
        return time.perf_counter() - began

    async def dial_tcp(self, host: str, port: int, name: str, *, as_port: bool = False) -> Dial:  # noqa: ARG002 - it is one always
        """A port of 127.0.0.1 that leads to the pod's; raises UnreachableError where nobody listens there."""
        pod = self._chosen()
        if host not in (*LOOPBACK, pod.name):
            raise self.elsewhere(host, "the pod")
        async with self._forwarding:
            local, child = self._forwards.get(port, (0, None))
            if child is not None and not child.running:
                if _NOBODY.search(child.said):
                    self._nobody.add(port)
                del self._forwards[port]
                await child.close()
            if port not in self._forwards:
                local = await self._forward(pod, port)
        return TcpDial("127.0.0.1", local, name, f"port {port} of pod {pod.name}")

    async def dial_unix(self, path: str) -> Dial:
        """Raise UnsupportedError: kubectl forwards to ports alone."""
        raise UnsupportedError(
            f"{self.name}: kubectl forwards to no UNIX socket, and {path} is one",
            "let it listen on a port of localhost in the pod, and write that into the url",
        )

    async def close(self) -> None:
        """End the forwards."""
        await self._end_forwards()

    async def instances(self) -> tuple[Instance, ...]:
        """The pods whose containers have begun."""
        return tuple(self._instance(pod) for pod in await self.pods() if pod.phase != "Pending")

    def log_argv(self, instance: Instance, since: str) -> tuple[str, ...]:
        """``kubectl logs -f``; the server takes whole seconds, so some lines come twice."""
        options = ("-f", "--timestamps", f"--since-time={since}", "-c", instance.container)
        return (*self.program, "logs", *options, instance.name)

    def past_argvs(self, instance: Instance, since: str, until: str) -> tuple[tuple[str, ...], ...]:  # noqa: ARG002 - kubectl has no such bound
        """``kubectl logs``, before it that of the run before where there was one; its log goes on to now."""
        options = ("--timestamps", *((f"--since-time={since}",) if since else ()), "-c", instance.container)
        runs = (("--previous",), ()) if instance.previous else ((),)
        return tuple((*self.program, "logs", *run, *options, instance.name) for run in runs)

    def fault_of(self, complaint: bytes) -> tuple[Fault, str]:
        """What kubectl complains of."""
        return complaints.fault_of(complaint, complaints.KUBECTL)

    async def _get(self, *what: str) -> dict[str, object]:
        options = ("-o", "json", f"--request-timeout={ASK_WITHIN / 2:g}s")
        try:
            return parsed(await self.asked("get", *what, *options))
        except AnswerError as error:
            raise self.refused(Fault.OTHER, error.why) from None

    async def _forward(self, pod: PodSeen, port: int) -> int:
        """Start a forward; a port at which nobody listened the last time is tried before it is given out."""
        argv = (*self.program, "port-forward", "--address=127.0.0.1", f"pod/{pod.name}", f":{port}")
        child = await Child.start(argv, self._guard, whole=True)
        try:
            local = await self._listening(child)
            if port in self._nobody:
                await _try(child, local, f"port {port} of pod {pod.name}")
                self._nobody.discard(port)
        except BaseException:
            await child.close()
            raise
        self._forwards[port] = (local, child)
        return local

    async def _listening(self, child: Child) -> int:
        """The port of 127.0.0.1 once it listens there; raises ServerError."""
        found = await child.says(_FORWARDING, ASK_WITHIN)
        if found is not None:
            return int(found[1])
        if child.running:
            raise self.refused(Fault.TIMED_OUT, "kubectl port-forward says nothing")
        await child.ended()
        raise self.lost(*self.fault_of(child.said.encode()))

    async def _end_forwards(self) -> None:
        forwards = tuple(self._forwards.values())
        self._forwards.clear()
        await asyncio.gather(*(child.close() for _, child in forwards))

    def _instance(self, pod: PodSeen) -> Instance:
        container = self._wanted.container or pod.container
        seen = next((one for one in pod.runs_of if one.container == container), None)
        if seen is None:
            return Instance(pod.uid, pod.name, container)
        lost = max(0, seen.restarts - seen.previous)
        return Instance(pod.uid, pod.name, container, seen.started, seen.previous, lost, seen.began)

    def _chosen(self) -> PodSeen:
        if self._pod is None:
            raise self.refused(Fault.LOST, "no pod is chosen yet")
        return self._pod

    def _exec(self) -> tuple[str, ...]:
        return (*self.program, "exec", "-i", self._chosen().name, "-c", self._container, "--")

    def _told_apart(self, ran: Ran) -> tuple[tuple[Fault, str] | None, Ran]:
        """Kubectl says so where the command failed, and else it is kubectl itself that has."""
        if ran.code == 0:
            return None, ran
        ended = _TERMINATED.search(ran.err)
        if ended is not None and int(ended[1]) == ran.code:
            own = ran.err[: ended.start()]
            return None, Ran(ran.code, ran.out, own + b"\n" if own else b"")
        if ran.code < 0:
            return (Fault.LOST, f"kubectl was ended by signal {-ran.code}"), ran
        fault, said = self.fault_of(ran.err)
        return (fault, said or f"kubectl exec ended with {ran.code}"), ran


def target_of(pod: Pod) -> str:
    """Whom a ``kube`` table means, for people."""
    what = pod.target or f"pods with {pod.selector}"
    return what + (f" in {pod.namespace}" if pod.namespace else "")


def by_hand(pod: Pod) -> str:
    """The command that a person would type to see for himself."""
    if pod.selector:
        return shlex.join([*_program(pod), "get", "pods", "-l", pod.selector])
    container = ("-c", pod.container) if pod.container else ()
    return shlex.join([*_program(pod), "exec", "-it", pod.target, *container, "--", "sh"])


def _program(pod: Pod) -> tuple[str, ...]:
    words: Mapping[str, str] = {"context": pod.context, "namespace": pod.namespace}
    return ("kubectl", *(f"--{option}={value}" for option, value in words.items() if value))


async def _try(child: Child, local: int, place: str) -> None:
    """Connect once, since kubectl tells of a refusal in the pod only then; raises UnreachableError."""
    _, writer = await asyncio.open_connection("127.0.0.1", local)
    refused = await child.says(_NOBODY, _LOOKED)
    writer.close()
    if refused is not None:
        raise UnreachableError("refused", f"nothing listens on {place}")
