"""The payment gateway takes seconds for each answer."""

from console.lab.incidents.base import Incident, Shop


async def start(shop: Shop) -> None:
    """Let the gateway take 1.4 to 4 s."""
    shop.fault("gateway-slow", on=True)


async def stop(shop: Shop) -> None:
    """Make the gateway quick again; what waits is answered within 4 s."""
    shop.fault("gateway-slow", on=False)


INCIDENT = Incident(
    "gateway-slow",
    "The payment gateway takes seconds for each answer.",
    "payments: readiness warns and takes seconds, retries and time-outs in its log; orders slow, some fail.",
    "1, then Enter on payments-ready: which part warns; no key makes a gateway quick.",
    start,
    stop,
)
