"""Records of several lines that know where they end: csvlog, journal export, indented JSON."""

from collectors.logs._formats import csvlog, export
from collectors.logs._formats.envelope import Inner
from collectors.logs._formats.joins import MOST_BYTES, MOST_LINES
from collectors.logs._formats.keyed import Keyed
from collectors.logs._formats.ladder import read_json
from collectors.logs._formats.parsed import Told


class Block:
    """Follows one such record from its first line on."""

    family = ""

    def __init__(self, inner: Inner, arrival: float, now: float) -> None:
        self.inner = inner
        self.arrival = arrival
        self.touched = now
        self.ended = False
        self._lines = [inner.data]
        self._size = len(inner.data)
        self._saw(inner.data)

    @property
    def held(self) -> int:
        """Lines taken."""
        return len(self.inner.raw)

    @property
    def data(self) -> bytes:
        """Its lines so far."""
        return b"\n".join(self._lines)

    def takes(self, inner: Inner, now: float) -> bool:
        """Take a further line; False where it does not belong here."""
        data = inner.data
        if len(self._lines) >= MOST_LINES or self._size >= MOST_BYTES or not self._fits(data):
            return False
        self._lines.append(data)
        self._size += len(data) + 1
        self.inner.raw += inner.raw
        self.inner.lost += inner.lost
        self.touched = now
        self._saw(data)
        return True

    def told(self, keyed: Keyed) -> Told | None:
        """What the whole tells; None where it is none of its kind."""
        found = self._read()
        return None if found is None else keyed.told(found, self.family)

    def _fits(self, data: bytes) -> bool:
        raise NotImplementedError

    def _saw(self, data: bytes) -> None:
        raise NotImplementedError

    def _read(self) -> dict[str, object] | None:
        raise NotImplementedError


class _Csv(Block):
    family = "csvlog"
    _quotes = 0

    def _fits(self, data: bytes) -> bool:
        # a record that was cut off must not swallow the next
        return not csvlog.begins(data)

    def _saw(self, data: bytes) -> None:
        self._quotes += data.count(b'"')
        self.ended = self._quotes % 2 == 0

    def _read(self) -> dict[str, object] | None:
        return csvlog.read(self.data.decode("utf-8", "replace"))


class _Export(Block):
    family = "export"

    def __init__(self, inner: Inner, arrival: float, now: float) -> None:
        self._fields = export.Fields()
        super().__init__(inner, arrival, now)

    def _fits(self, data: bytes) -> bool:
        return self._fields.takes(data)

    def _saw(self, _data: bytes) -> None:
        self.ended = self._fields.ended

    def _read(self) -> dict[str, object] | None:
        return export.read(self.data) or None


class _Indented(Block):
    family = "json"

    def _fits(self, data: bytes) -> bool:
        return data[:1] in (b" ", b"\t", b"}")

    def _saw(self, data: bytes) -> None:
        self.ended = data.rstrip() == b"}"

    def _read(self) -> dict[str, object] | None:
        return read_json(self.data)[0]


def block_of(inner: Inner, arrival: float, now: float) -> Block | None:
    """The block that a line begins; None for a line that is a record of its own."""
    data = inner.data
    if data[:1].isdigit():
        return _Csv(inner, arrival, now) if b"," in data[20:48] and csvlog.begins(data) else None
    if data.startswith(export.FIRST):
        return _Export(inner, arrival, now)
    return _Indented(inner, arrival, now) if data.rstrip() == b"{" else None
