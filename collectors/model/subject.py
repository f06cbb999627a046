"""What a reading is about."""

from dataclasses import dataclass
from typing import NamedTuple

from collectors.model.practice import Practice
from collectors.text import Shown


class SubjectId(NamedTuple):
    """Identity of a subject: history, actions and interest use it alone.

    ``collector`` is the name in the configuration, ``instance`` empty where there is none,
    ``key`` the bytes by which the source itself calls the subject.
    """

    practice: Practice
    collector: str
    instance: str
    key: bytes


@dataclass(frozen=True, slots=True)
class Subject:
    """One queue, cache, pool, endpoint or stream, and the service that it belongs to.

    ``label`` is for people; ``service`` is empty for the source's own row.
    """

    id: SubjectId
    service: str
    label: Shown

    @property
    def practice(self) -> Practice:
        """The column."""
        return self.id.practice

    @property
    def collector(self) -> str:
        """The collector's name in the configuration."""
        return self.id.collector

    @property
    def instance(self) -> str:
        """The instance, or empty."""
        return self.id.instance
