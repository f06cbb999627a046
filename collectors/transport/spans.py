"""Deadlines in words."""


def span(seconds: float) -> str:
    """A deadline for a sentence, such as "5 s"."""
    return f"{seconds:.0f} s" if seconds >= 2 else f"{seconds:.2g} s"
