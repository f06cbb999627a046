"""How long a run lasts, and how its figures are told."""

import os


def seconds(own: float) -> float:
    """The run's own length, or SOAK_SECONDS."""
    return float(os.environ.get("SOAK_SECONDS", own))


def tell(words: str) -> None:
    """A line of figures on the terminal, apart from pytest's dots."""
    print(f"\n  {words}", flush=True)
