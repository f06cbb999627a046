"""Secrets become stable tokens in text, values and lines; a policy adds to it or turns it off."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.logs._formats.parser import Parser
from collectors.redaction import (
    PIECE,
    Redaction,
    policy,
    redact,
    redact_fields,
    redact_line,
    redact_value,
    token,
    use,
)
from collectors.transport.read.files_lines import Line

TRACE = "5759e988bd862e3fe1be46a994272793"


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    """Leave the policy as it was."""
    before = policy()
    yield
    use(before)


FRAME = {
    "event": "unhandled exception",
    "exception": [
        {
            "exc_type": "OperationalError",
            "exc_value": "login of ann@example.com failed",
            "frames": [
                {
                    "filename": "/srv/app/db.py",
                    "lineno": 12,
                    "name": "connect",
                    "locals": {
                        "password": "'hunter2'",
                        "dsn": "'postgres://shop:s3cr3t@db/shop'",
                        "headers": "{'Authorization': 'Bearer abcdef123456789'}",
                        "settings": "Settings(api_key='k-98765', retries=3)",
                        "token": ["first-secret", "second-secret"],
                        "retries": "3",
                        "trace_id": TRACE,
                    },
                }
            ],
        }
    ],
    "trace_id": TRACE,
}
SECRETS = ("hunter2", "s3cr3t", "abcdef123456789", "k-98765", "first-secret", "second-secret", "ann@")


def test_no_secret_of_a_frames_locals_is_left() -> None:
    safe = redact_fields(FRAME)
    text = json.dumps(safe)
    assert not [secret for secret in SECRETS if secret in text]
    locals_ = safe["exception"][0]["frames"][0]["locals"]
    assert (locals_["retries"], locals_["trace_id"], safe["trace_id"]) == ("3", TRACE, TRACE)
    assert safe["exception"][0]["frames"][0]["lineno"] == 12


def test_no_secret_of_a_frames_locals_is_shown_or_exported() -> None:
    raw = json.dumps(FRAME).encode()
    (record,) = Parser().parse([Line(raw)], 0.0, 0.0)
    exported = redact_line(raw)
    for secret in SECRETS:
        assert secret not in str(record.fields) + record.message
        assert secret.encode() not in exported
    assert json.loads(exported) == redact_fields(FRAME)
    assert TRACE.encode() in exported


def test_a_token_is_stable_so_that_counting_goes_on() -> None:
    one = redact_value("ann@example.com")
    assert one == redact("mail to ann@example.com").rpartition(" ")[2]
    assert one != redact_value("bob@example.com")
    assert redact_value({"password": "x-1"})["password"] == redact('password="x-1"').partition('"')[2][:-1]
    assert redact_value(one) == one


def test_values_keep_their_types() -> None:
    value = {"a": 1, "b": 1.5, "c": True, "d": None, "e": [1, "x"], "tokens": 5, "token": None, "auth": False}
    assert redact_value(value) == value
    assert redact_value(1234, "pin_token") == token("secret", "1234")
    assert redact_value({"auth": {"user": "ann", "scheme": "basic"}})["auth"]["user"] == token(
        "secret", "ann"
    )


@pytest.mark.parametrize(
    "secret",
    [
        *(
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_" + "a1" * 18,
            "glpat-" + "x9" * 10,
            "xoxb-1234567890-abc",
            "sk-ant-" + "a" * 24,
        ),
        *(
            "npm_" + "a1" * 18,
            "hf_" + "B2" * 17,
            "whsec_" + "c3" * 12,
            "shpat_" + "d4" * 16,
            "ya29." + "e5" * 12,
        ),
        *("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def", "SG." + "f" * 22 + "." + "g" * 43),
    ],
)
def test_what_a_vendor_marks_is_known_wherever_it_stands(secret: str) -> None:
    for line in (f"using {secret} now", f'{{"msg":"using {secret}"}}', f"a={secret},b=1"):
        assert secret not in redact(line)
        assert secret.encode() not in redact_line(line.encode())


def test_a_clean_line_is_exported_to_the_byte() -> None:
    for line in (
        b'{"a": 1.10,  "b":"x\\n"}',
        b"plain \xff text",
        b'{"nan":NaN}',
        b"\x00",
        b'{"key":"user:0"}',
    ):
        assert redact_line(line) == line


def test_an_escaped_secret_is_found_and_an_odd_line_is_text() -> None:
    assert b"example.com" not in redact_line(b'{"mail":"ann\\u0040example.com"}')
    assert redact_line(b'{"password":"hunter2","x":\xff}').endswith(b',"x":\xff}')
    assert b"hunter2" not in redact_line(b'{"password":"hunter2","x":NaN}')
    assert b"hunter2" not in redact_line(b'{"log":"{\\"password\\":\\"hunter2\\"}\\n","stream":"stdout"}')


def test_names_and_patterns_of_the_users_own() -> None:
    text = 'iban=DE89370400440532013000 key shop_ABCDEFGH12345678 {"cardNumber": "4111-1111"}'
    assert redact(text) == text
    use(Redaction(names=("IBAN", "card_number"), patterns=(r"shop_[A-Z0-9]{8,32}",)))
    safe = redact(text)
    assert not [secret for secret in ("DE8937", "shop_", "4111") if secret in safe]
    assert redact_value({"IBAN": "DE89"})["IBAN"].startswith("‹secret:")
    assert redact(safe) == safe
    use(Redaction(patterns=(r"575[0-9a-f]+",)))
    assert redact(f"trace {TRACE}") == f"trace {TRACE}"


def test_off_is_off_and_only_when_said() -> None:
    assert policy().on
    use(Redaction(on=False))
    assert redact("password=hunter2 ann@example.com") == "password=hunter2 ann@example.com"
    assert redact_fields(FRAME) == FRAME
    assert redact_line(b"password=hunter2") == b"password=hunter2"
    (record,) = Parser().parse([Line(b'{"msg":"x","password":"hunter2"}')], 0.0, 0.0)
    assert ("password", "hunter2") in record.fields


@pytest.mark.parametrize(
    ("pattern", "remedy"),
    [
        *(("(a|b)+", "not understood"), ("abc.*", "not understood"), ("[a-z]{4,8}", "3 characters in a row")),
        *(
            ("ab", "3 characters in a row"),
            ("abc[a-z]{1,999}", "bound its repeats"),
            ("abc[", "not understood"),
        ),
        *(
            (r"abc\1", "not understood"),
            ("abcx{0}", "takes nothing"),
            ("", "3 characters"),
            ("^abc", "not understood"),
        ),
    ],
)
def test_a_pattern_that_could_be_slow_is_refused_with_the_remedy(pattern: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=remedy):
        Redaction(patterns=(pattern,))
    with pytest.raises(ValueError, match="no letter"):
        Redaction(names=("--",))


ENDLESS = {
    "one word": "x" * 64_000,
    "a name without end": "password" * 8_000,
    "signs": "=" * 64_000,
    "pairs": "password=" * 8_000,
    "quotes": '"' * 64_000,
    "backslashes": 'token="' + "\\" * 64_000,
    "at signs": "a@" * 32_000,
    "dots": "a@" + "b." * 32_000,
    "URLs": "://a:" * 12_000,
    "keys": "-----BEGIN PRIVATE KEY-----" * 2_000,
    "cookies": "cookie: a=b; " * 5_000,
    "JWT": "eyJ" * 20_000,
    "own": "aaaa" * 16_000,
    "schemes": "bearer " * 9_000,
}


@pytest.mark.parametrize("name", ENDLESS)
def test_no_text_takes_long(name: str) -> None:
    use(Redaction(patterns=("aaa[a-z]{1,200}b",)))
    begin = time.process_time()
    redact(ENDLESS[name])
    redact_line(json.dumps({"a": ENDLESS[name]}).encode())
    assert time.process_time() - begin < 3.0


def test_a_huge_line_takes_no_more_than_its_length() -> None:
    line = b'{"msg":"' + b"word " * 4_000_000 + b'","password":"hunter2"}'
    begin = time.process_time()
    assert b"hunter2" not in redact_line(line)
    assert time.process_time() - begin < 9.0


def test_depth_is_bounded() -> None:
    deep: Any = "hunter2"
    for _ in range(150):
        deep = {"password": deep}
    assert "hunter2" not in str(redact_value(deep))
    line = b'{"password":"hunter2","a":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    assert b"hunter2" not in redact_line(line)


def test_what_stands_across_pieces_is_found() -> None:
    for lead in range(PIECE - 40, PIECE + 10, 3):
        text = "word " * (lead // 5) + 'password="my, long; secret" api_key=k-12345 mail ann@example.com end'
        safe = redact(text)
        assert not [secret for secret in ("long", 'secret"', "k-12345", "ann@") if secret in safe], lead
        assert safe.endswith(" end")


@given(st.text(alphabet='ab:=,;" \\@._{}[]pasword', max_size=120))
def test_twice_is_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@given(st.binary(max_size=200))
def test_any_line_can_be_exported(line: bytes) -> None:
    redact_line(line)
    redact_line(b"{" + line)
