"""How a server is reached, as values; the settings make them, the ways read them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod or what stands for several, reached by the user's ``kubectl``.

    ``target`` is ``deploy/orders``, ``svc/orders``, ``pod/orders-7d…`` or a bare pod name; or else
    ``selector`` chooses pods by their labels, as ``kubectl get -l`` takes it. Empty parts are kubectl's own.
    """

    target: str
    container: str = ""
    namespace: str = ""
    context: str = ""
    selector: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """A container, reached by the user's ``docker``; an empty ``context`` is docker's own."""

    name: str
    context: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """How a server is reached: exactly one of ``host`` (by ssh), ``kube`` and ``docker``.

    ``jump`` names another server; ``options`` are (keyword, value) pairs for ``ssh -o``. ``config``: the
    ssh configuration of the whole way, hops included, instead of the user's and the system's.
    """

    name: str
    host: str = ""
    user: str = ""
    port: int | None = None
    jump: str = ""
    options: tuple[tuple[str, str], ...] = ()
    kube: Pod | None = None
    docker: Container | None = None
    config: str = ""
