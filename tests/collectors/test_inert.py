"""Pickles are read and never run, whatever they are."""

import builtins
import collections
import datetime as dt
import decimal
import enum
import importlib
import io
import os
import pickle
import pickletools
import posix
import re
import subprocess
import sys
import tracemalloc
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.inert import MOST_BYTES, PayloadError, loads
from collectors.inert_values import Pairs, Record, call_words, words

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class Point(collections.namedtuple("Point", "x y")):  # noqa: PYI024, SLOT002 - as applications have them
    pass


class Plain:
    def __init__(self, name: str) -> None:
        self.name = name


class Colour(enum.Enum):
    RED = "red"


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, call: Any, *arguments: Any) -> None:
        self.made = call, arguments

    def __reduce__(self) -> Any:
        return self.made


@pytest.fixture
def traps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything by which a pickle would do something leaves a word here."""
    sprung: list[str] = []
    for where, name in (
        (os, "system"),
        (posix, "system"),
        (subprocess, "Popen"),
        (builtins, "eval"),
        (builtins, "exec"),
        (importlib, "import_module"),
    ):
        monkeypatch.setattr(where, name, lambda *_arguments, name=name, **_named: sprung.append(name))
    return sprung


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.text(max_size=30)
    | st.binary(max_size=15),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
        | st.frozensets(st.integers(), max_size=4)
    ),
    max_leaves=12,
)


@given(value=plain, protocol=st.sampled_from(PROTOCOLS))
def test_plain_values_read_as_python_writes_them(value: object, protocol: int) -> None:
    assert words(loads(pickle.dumps(value, protocol)), 10_000) == words(value, 10_000)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"a": [1, (2.5, None, True)]}, "{'a': [1, (2.5, None, True)]}"),
        ({1}, "{1}"),
        (frozenset([1]), "{1}"),
        (collections.OrderedDict(a=1), "{'a': 1}"),
        (dt.datetime.fromisoformat("2024-05-01T10:00:00.250"), "2024-05-01 10:00:00.250000"),
        (dt.datetime(2024, 5, 1, tzinfo=dt.UTC), "2024-05-01 00:00:00+00:00"),
        (dt.date(2024, 5, 1), "2024-05-01"),
        (dt.time(10, 30), "10:30:00"),
        (dt.timedelta(hours=5), "5:00:00"),
        (decimal.Decimal("1.50"), "Decimal('1.50')"),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (b"\x00\xff", "b'\\x00\\xff'"),
        (10**50, f"<an integer of {(10**50).bit_length()} bits>"),
        (Point(1, "b"), "Point(1, 'b')"),
        (Plain("Ann"), "Plain() + {'name': 'Ann'}"),
        (Colour.RED, "Colour('red')"),
        (os.path.join, "join"),
    ],
)
def test_values_of_classes_read_as_what_they_are(value: object, told: str, protocol: int) -> None:
    found = words(loads(pickle.dumps(value, protocol)), 500)
    # without the module, whose name depends on how the tests are run
    assert re.sub(r"[\w.]+\.(?=Point|Plain|Colour|join)", "", found) == told


EVIL = [
    (pickle.dumps([Evil(call, *arguments)], protocol), told)
    for protocol in PROTOCOLS
    for call, arguments, told in (
        (os.system, ("touch x",), "system('touch x')"),
        (eval, ("1 + 1",), "eval('1 + 1')"),
        (getattr, (Evil(__import__, "os"), "system"), "__import__('os'), 'system')"),
    )
]


@pytest.mark.parametrize(("data", "told"), EVIL)
def test_what_would_run_is_shown_and_does_not_run(traps: list[str], data: bytes, told: str) -> None:
    value = loads(data)
    assert isinstance(value, list)
    assert isinstance(value[0], Record)
    assert told in words(value)
    assert traps == []


def test_the_trap_would_have_told(traps: list[str]) -> None:
    pickle.loads(EVIL[0][0])
    assert traps == ["system"]


def test_nothing_is_imported() -> None:
    name = "this"
    assert name not in sys.modules
    for data in (b"cthis\nd\n.", b"\x80\x04\x8c\x04this\x8c\x01d\x93.", b"(ithis\nd\n."):
        assert "this.d" in words(loads(data))
    assert name not in sys.modules


@pytest.mark.parametrize(
    "data",
    [
        b"cos\nsystem\n(S'touch x'\ntR.",
        b"(S'touch x'\nios\nsystem\n.",
        b"(cos\nsystem\nS'touch x'\no.",
        b"\x80\x02cos\nsystem\nX\x07\x00\x00\x00touch x\x85\x81.",
        b"\x80\x04cos\nsystem\nX\x07\x00\x00\x00touch x\x85}\x92.",
        # BUILD: a __setstate__ that would call, and a state over a state
        b"cos\nsystem\n(tR(S'__setstate__'\ncos\nsystem\ndbS'touch x'\nb.",
        b"cbuiltins\nexec\n(S'1'\ntRS'touch x'\nb.",
        b"\x82\x01.",
        b"Ptouch x\n.",
        b"S'touch x'\nQ.",
    ],
)
def test_tricks_of_each_opcode_are_records(traps: list[str], data: bytes) -> None:
    assert "touch x" in words(loads(data)) or "extension 1" in words(loads(data))
    assert traps == []


def test_bombs_are_refused_or_small() -> None:
    # a memo of four thousand million places, which the real unpickler makes
    place = b"\x80\x02Nr\xfe\xff\xff\xff."
    # lists of lists of lists, a thousand million when written out
    nested = b"]" + b"".join(b"q%c(" % index + b"h%c" % index * 8 + b"l" for index in range(200)) + b"."
    cases = {
        "place": place,
        "nested": nested,
        "long text": b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fx.",
        "long number": b"\x8b\xff\xff\xff\x7f1.",
        "many digits": b"I" + b"9" * 60_000 + b"\n.",
        "steps": b"N0" * 30_000 + b"N.",
        "marks": b"(" * 4000 + b"t" * 4000 + b".",
        "deep": b"]" * 2500 + b"a" * 2499 + b".",
        "bytes": b"N" * (MOST_BYTES + 1),
    }
    tracemalloc.start()
    try:
        told = {name: read(data) for name, data in cases.items()}
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()
    assert told["place"] == "None"
    assert len(told["nested"]) <= 200
    assert told["steps"] == "a pickle of more than 5,000 steps"
    assert told["bytes"] == "a pickle of more than 64 KiB"
    for name in ("long text", "long number", "many digits"):
        assert told[name] == "no whole pickle (ValueError)"


def read(data: bytes) -> str:
    try:
        return words(loads(data))
    except PayloadError as error:
        return str(error)


def test_what_holds_itself_is_written_with_an_end() -> None:
    itself: list[object] = []
    itself.append(itself)
    assert words(loads(pickle.dumps(itself))) == "[" * 9 + "…" + "]" * 9
    # a zone that is the time itself
    trick = b"cdatetime\ndatetime\n(C\n\x07\xe8\x05\x01\x00\x00\x00\x00\x00\x00]q\x01tRq\x02h\x01h\x02a0."
    assert "2024-05-01" in read(trick)


def test_what_is_no_pickle_says_so() -> None:
    for data in (b"", b".", b"N", b"hello", b"\x80", b"0.", b"a.", b"}NNs", b"t.", b"(0.", b"\xff"):
        with pytest.raises(PayloadError):
            loads(data)
    assert isinstance(loads(pickle.dumps({})), Pairs)


def mutated(data: bytes, places: list[tuple[int, int]]) -> bytes:
    found = bytearray(data)
    for place, byte in places:
        found[place % len(found)] = byte
    return bytes(found)


_SEEDS = [
    pickle.dumps(value, protocol)
    for protocol in PROTOCOLS
    for value in (
        (
            "shop.send",
            None,
            (1, {"a": [2.5, b"x"]}),
            {"to": dt.datetime(2024, 1, 1, tzinfo=dt.UTC)},
        ),
        Evil(os.system, "true"),
        [Plain("x"), {1, 2}, frozenset("ab"), uuid.UUID(int=1), decimal.Decimal(1)],
    )
]
_OPCODES = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]


def pieces() -> Iterator[st.SearchStrategy[bytes]]:
    yield st.binary(max_size=300)
    yield st.lists(st.sampled_from(_OPCODES) | st.binary(max_size=4), max_size=60).map(b"".join)
    changes = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6)
    yield st.builds(mutated, st.sampled_from(_SEEDS), changes)


@settings(max_examples=1500, deadline=None)
@given(data=st.one_of(*pieces()), limit=st.integers(1, 300))
def test_any_bytes_give_words_or_one_error_and_run_nothing(data: bytes, limit: int) -> None:
    before = len(sys.modules)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(posix, "system", lambda *_: pytest.fail("it ran"))
        with suppress(PayloadError):
            assert len(words(loads(data), limit)) <= limit
    assert len(sys.modules) == before


def test_calls_are_written_with_their_names_and_cut_at_the_limit() -> None:
    assert call_words("f", [1, "a"], [("to", {"x": 1})], 100) == "f(1, 'a', to={'x': 1})"
    assert call_words("f", [], [("to", 1)], 100) == "f(to=1)"
    assert call_words("f", ["x" * 500], [], 100).endswith("…)")
    assert call_words("f", [[[1] * 50] * 50], [], 60)[-1] == "…"
    assert len(call_words("f", [[[1] * 50] * 50], [], 60)) <= 60
    assert words(io.StringIO()) == "<StringIO>"
