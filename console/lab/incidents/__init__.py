"""What may happen to the shop: one file for each incident, caused for real and ended again."""

from console.lab.incidents import (
    cache_cold,
    dead_letters,
    gateway_slow,
    lying_health,
    pool_leak,
    worker_gone,
)
from console.lab.incidents.base import Incident

INCIDENTS: dict[str, Incident] = {
    incident.name: incident
    for incident in (
        dead_letters.INCIDENT,
        worker_gone.INCIDENT,
        pool_leak.INCIDENT,
        cache_cold.INCIDENT,
        gateway_slow.INCIDENT,
        lying_health.INCIDENT,
    )
}
