"""What every practice's reading has in common."""

from dataclasses import dataclass, field, fields
from typing import ClassVar

from collectors.model.fields import FieldSpec, specs_of
from collectors.model.practice import Practice
from collectors.model.quantity import Quantity
from collectors.model.subject import Subject
from collectors.text import Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A named part of a reading: a sub-check, a state, an application, a consumer.

    ``word`` is the source's own word for its state, ``value`` a number where it has one.
    """

    name: Shown
    word: Shown = Shown("")
    value: Quantity | None = None
    bad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One subject at one moment; it carries the source's own word, never our judgement.

    ``word``: the source's state in its own word (empty: it has none). ``note``: one sentence on
    how to read it ("partial view: …"), empty where all is well. ``lag``: seconds by which the
    source's own numbers are known to be old. ``extra``: an adapter's own fields, whose names
    begin with the adapter's prefix ("rq.intermediate").
    """

    practice: ClassVar[Practice]

    subject: Subject
    word: Shown = Shown("")
    note: Shown = Shown("")
    lag: float = 0.0
    parts: tuple[Part, ...] = ()
    extra: tuple[tuple[str, Quantity], ...] = field(default=())

    @classmethod
    def specs(cls) -> tuple[FieldSpec, ...]:
        """The declared quantities, in order."""
        return specs_of(cls)

    def quantities(self) -> dict[str, Quantity]:
        """All quantities by name, the adapter's own last."""
        named: dict[str, Quantity] = {}
        for spec_field in fields(self):
            if "spec" in spec_field.metadata:
                named[spec_field.name] = getattr(self, spec_field.name)
        named.update(self.extra)
        return named
