"""A text filter over rows: words that must all be there, ``!`` inverts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Filter:
    """``text`` as it was typed; case counts nothing."""

    text: str

    def keeps(self, row: str) -> bool:
        """Whether a row with this text is shown."""
        wanted = self.text.strip().lower()
        if not wanted:
            return True
        inverted = wanted.startswith("!")
        words = wanted.removeprefix("!").split()
        found = all(word in row.lower() for word in words)
        return found is not inverted
