"""Logs of pods, by the user's own ``kubectl logs``; pods come and go, each is a stream of its own."""

from dataclasses import dataclass
from typing import ClassVar

from collectors.base import Context
from collectors.errors import OptionsError
from collectors.logs._following import FollowedLogs, FollowOptions, Way
from collectors.logs._formats.names import Format
from collectors.logs._formats.parser import Parser
from collectors.logs._past_told import ToldPast
from collectors.logs._told import ToldLogs
from collectors.transport.servers.children import Guard
from collectors.transport.servers.kube import KubeWay
from collectors.transport.servers.spec import Pod


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeLogOptions(FollowOptions):
    """Options of ``logs.kube``; name one of ``target`` and ``selector``.

    ``target``: ``deploy/orders``, ``svc/orders``, ``pod/orders-7d…`` or a pod's bare name; all pods of it
    are followed. ``selector``: labels, as ``kubectl get -l`` takes them. ``container``: where a pod's
    first is not the one. ``namespace`` and ``context``: kubectl's own if empty. ``format``: of the lines,
    where recognising it fails.
    """

    target: str = ""
    selector: str = ""
    container: str = ""
    namespace: str = ""
    context: str = ""
    format: Format = "auto"

    def __post_init__(self) -> None:
        """Refuse what names no pods, and what kubectl would take for an option."""
        FollowOptions.__post_init__(self)
        if bool(self.target) is bool(self.selector):
            raise ValueError("target: name either a target or a selector")
        for name in ("target", "selector", "container", "namespace", "context"):
            if getattr(self, name).startswith("-") or not getattr(self, name).isprintable():
                raise ValueError(f"{name}: must not begin with a hyphen")


class KubeLogs(FollowedLogs[KubeLogOptions]):
    """Follows the logs of pods; a pod that is replaced is another stream."""

    Options: ClassVar[type[KubeLogOptions]] = KubeLogOptions
    kind: ClassVar[str] = "kube"

    async def open(self) -> None:
        """Refuse a server: kubectl runs on this machine."""
        if self.context.server:
            raise OptionsError("kubectl runs on this machine", "drop `server`, and name a context")

    def way(self) -> Way:
        """By kubectl, with nothing opened."""
        return ToldLogs(_way(self.options, self.context), self.options, self.context.clock)

    @classmethod
    def past(cls, options: KubeLogOptions, context: Context, key: bytes | None) -> ToldPast:
        """What the cluster keeps of the log of the pod with that uid."""
        return ToldPast(_way(options, context), key, line_cap=options.max_line)

    def parser(self) -> Parser:
        """A parser for the format that was named."""
        return Parser(self.options.format)


def _way(options: KubeLogOptions, context: Context) -> KubeWay:
    pod = Pod(options.target, options.container, options.namespace, options.context, options.selector)
    return KubeWay(context.collector, pod, Guard())


COLLECTOR = KubeLogs
