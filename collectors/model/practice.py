"""The ten practices, whose names are the same in folders, screens, keys and commands."""

from enum import StrEnum


class Practice(StrEnum):
    """One of the ten columns; the value is its name everywhere."""

    HEALTH = "health"
    QUEUES = "queues"
    CACHES = "caches"
    POOLS = "pools"
    LOGS = "logs"
    MIGRATIONS = "migrations"
    VERSIONS = "versions"
    RETRIES = "retries"
    DRAINS = "drains"
    CONFIG = "config"

    @property
    def key(self) -> str:
        """The digit key of this practice's screen: 1 to 9, then 0."""
        return str((list(Practice).index(self) + 1) % 10)
