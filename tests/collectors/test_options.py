"""Option types: what TOML may write, and what is refused with an example."""

import contextlib
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from collectors.options import Duration, SecretText, Size, Url, parse_duration, parse_size


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5s", 5),
        ("500ms", 0.5),
        ("1m30s", 90),
        ("1m 30s", 90),
        ("1.5h", 5400),
        ("2d", 172800),
        (" 1w ", 604800),
        (0, 0),
        (3, 3),
        (0.25, 0.25),
    ],
)
def test_durations(value: object, seconds: float) -> None:
    assert parse_duration(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "",
        "5",
        "s",
        "5 parsecs",
        "-5s",
        "5s!",
        "1s;2s",
        -1,
        True,
        None,
        [5],
        float("nan"),
        float("inf"),
        10**400,
        "9" * 99 + "w",
        "9" * 9000 + "s",
    ],
)
def test_what_is_no_duration(value: object) -> None:
    with pytest.raises(ValueError, match="must be a duration"):
        parse_duration(value)


@pytest.mark.parametrize(
    ("value", "size"),
    [("64MiB", 64 << 20), ("10 kB", 10_000), ("1.5GiB", 3 << 29), ("7", 7), ("7B", 7), (0, 0), (123, 123)],
)
def test_sizes(value: object, size: int) -> None:
    assert parse_size(value) == size


@pytest.mark.parametrize(
    "value", ["", "MiB", "-1MiB", "1 mib", "1e3", 1.5, -1, True, None, 10**30, "9" * 400 + "GB"]
)
def test_what_is_no_size(value: object) -> None:
    with pytest.raises(ValueError, match="must be a size"):
        parse_size(value)


@given(st.text() | st.integers() | st.floats() | st.none() | st.booleans())
def test_anything_is_a_value_or_a_value_error(value: object) -> None:
    for parse in (parse_duration, parse_size):
        with contextlib.suppress(ValueError):
            assert 0 <= parse(value) <= 2**60


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    url: Url
    password: SecretText
    every: Duration = 5.0
    most: Size = 1024


def test_an_options_class_reads_them_strictly() -> None:
    raw = b'{"url": "redis://:hunter2@cache", "password": "hunter3", "every": "1m", "most": "1MiB"}'
    options = TypeAdapter(Options).validate_json(raw, strict=True, extra="forbid")
    assert (options.every, options.most, options.url.reveal()) == (60, 1 << 20, "redis://:hunter2@cache")
    assert "hunter" not in repr(options)


def test_messages_do_not_repeat_secrets() -> None:
    raw = b'{"url": "redis://:hunter2@[cache", "password": ""}'
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Options).validate_json(raw, strict=True)
    assert [error["msg"] for error in caught.value.errors(include_input=False)] == [
        "Value error, not a URL: its host cannot be read",
        "Value error, must be a non-empty string",
    ]
