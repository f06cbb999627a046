"""A record in full: why its level, its stack, its bytes; nothing secret, nothing a terminal obeys."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from collectors.logs._formats.parser import Parser
from collectors.model.logs import LogRecord
from collectors.transport.read.files_lines import Line
from console.present import logrecord as present

PINO = (
    b'{"level":40,"time":1795460000000,"pid":1,"hostname":"h","msg":"slow","password":"hunter2",'
    b'"err":{"type":"E","stack":"Error: x\\n    at a\\n    at b\\n    at c\\n    at d"}}'
)


def read(*lines: bytes) -> LogRecord:
    parser = Parser()
    found = parser.parse([Line(line) for line in lines], 1_795_460_000.0, 0.0)
    return [*found, *parser.flush(0.0, force=True)][0]


def words(record: LogRecord) -> dict[str, str]:
    return {name: cell.text for name, cell in present.head(record, present.told(record), "orders", "app.log")}


def everything(record: LogRecord) -> Iterator[str]:
    yield from words(record).values()
    yield from present.pretty(record)
    yield from present.stack(present.told(record))
    yield from present.hexed(record.raw)


def test_a_level_says_where_it_comes_from() -> None:
    assert (
        words(read(PINO))["level"]
        == "warning, since the line says level: 40, 10 trace to 60 fatal, 40 is warning"
    )
    assert words(read(b'{"severity":"error","message":"x"}'))["level"] == (
        'error, since the line says severity: "error"'
    )
    assert words(read(b'{"message":"x"}'))["level"] == "not told, since the line names none"
    assert (
        "by the word in the line" in words(read(b"2026-11-23 18:53:44,123 ERROR orders.web: boom"))["level"]
    )


def test_an_object_is_indented_and_its_secrets_are_tokens() -> None:
    lines = present.pretty(read(PINO))
    assert lines[:2] == ["{", '  "level": 40,']
    assert any(line.startswith('  "password": "‹secret:') for line in lines)
    assert not any("hunter2" in line for line in everything(read(PINO)))
    assert present.pretty(read(b"plain text 17")) == ["plain text 17"]


def test_a_stack_is_folded_to_its_ends() -> None:
    record = read(PINO)
    lines = present.stack(present.told(record))
    assert lines == ["Error: x", "    at a", "    at b", "    at c", "    at d"]
    assert present.folded(lines, unfolded=True) == lines
    assert present.folded(lines, unfolded=False) == [
        "Error: x",
        "  … 2 lines more: w unfolds",
        "    at c",
        "    at d",
    ]
    assert present.folded(lines[:4], unfolded=False) == lines[:4]


def test_a_trace_of_text_is_a_stack() -> None:
    record = read(
        b"2026-11-23 18:53:44,123 ERROR orders: boom",
        b"Traceback (most recent call last):",
        b'  File "a.py", line 1, in f',
        b"ValueError: no",
    )
    assert present.stack(present.told(record))[-1] == "ValueError: no"


def test_bytes_are_told_where_a_terminal_would_obey_and_nowhere_else() -> None:
    raw = b"x" * 64 + b"\x1b[2J" + b"y" * 64 + "\u202e".encode() + b"z" * 64 + b"\xff"
    lines = present.hexed(raw)
    assert any(line.startswith("000040  1b 5b 32 4a") for line in lines)
    assert any("e2 80 ae" in line for line in lines)
    assert any(line.endswith("z.") for line in lines)
    assert "…" in lines
    assert present.hexed(b"all is well" * 100) == []


def test_bytes_of_secrets_are_not_told() -> None:
    told = "\n".join(present.hexed(b'{"password":"hunter2hunter2","x":"\x1b[2J"}'))
    assert b"hunter2".hex(" ") not in told
    assert "hunter" not in told


def test_there_is_an_end_to_what_is_told() -> None:
    record = read(b'{"message":"x","many":[' + b"1," * 5000 + b"1]}")
    assert len(present.pretty(record)) <= present.MOST_LINES + 1
    assert len(present.hexed(b"\x1b" * 60_000)) <= present.MOST_LINES + 2


@given(st.binary(max_size=300))
def test_any_line_is_told_and_nothing_of_it_is_obeyed(raw: bytes) -> None:
    record = read(raw.replace(b"\n", b" ") or b"x")
    assert all(line.isprintable() for line in everything(record))
