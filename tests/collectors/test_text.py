"""Untrusted text: visible, bounded, redacted, in linear time, and the same when done twice."""

import time
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collectors.secret import SecretUrl
from collectors.text import FIELD_LIMIT, Shown, is_hostile, may_hold_secret, one_line, redact, shown, token

ANY_TEXT = st.text(alphabet=st.characters(codec=None), max_size=300)
"""Lone surrogates and unassigned characters too."""

PIECES = st.sampled_from([
    "password", "PASSWORD", "token", "apiKey", "cookie", "authorization", "Bearer ", "Basic ", "token ",
    "key", "user", "=", ":", ": ", "=>", " ", ";", ",", "&", "'", '"', '\\"', "\\", "://", "@", "/",
    ".", "-", "_", "‹", "›", "‹secret:", "‹email:3f9a›", "eyJhbGciOiJI", ".eyJzdWIiOiIx", "hunter2",
    "12345", "abcdef0123456789", "ada@example.org", "AKIA", "AKIAABCDEFGHIJKLMNOP",
    "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "ghp_", "a", "dXNlcjpwYXNz", "\n", "ä",
    "expired", "must be",
])  # fmt: skip
SECRETIVE = st.lists(PIECES, max_size=25).map("".join)


def unsafe(char: str) -> bool:
    """Whether a terminal may do something else with it than to draw it."""
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


# visible and bounded


@given(ANY_TEXT | st.binary(max_size=300), st.integers(1, 400))
def test_shown_holds_no_control_and_no_more_than_its_limit(text: str | bytes, limit: int) -> None:
    for made in (Shown(text, limit), shown(text, limit), one_line(text, limit)):
        assert not any(unsafe(char) for char in made)
        assert made.isprintable()
        assert len(made) <= limit
        assert not is_hostile(made)


@given(ANY_TEXT, st.integers(1, 400))
def test_showing_twice_is_showing_once(text: str, limit: int) -> None:
    once = shown(text, limit)
    assert type(once) is Shown
    assert shown(once, limit) is once
    assert Shown(str(once), limit) == once
    assert one_line(one_line(text, limit), limit) == one_line(text, limit)


@given(ANY_TEXT)
def test_a_line_is_one_line(text: str) -> None:
    line = one_line(text)
    assert "␊" not in line or "\u240a" in text
    assert "  " not in line.replace("\N{NO-BREAK SPACE}", "") or is_hostile(text)
    assert line == line.strip() or is_hostile(text)


@pytest.mark.parametrize(
    ("raw", "visible"),
    [
        ("\x1b[2J", "␛[2J"),
        ("a\x00b\x7f", "a␀b␡"),
        ("\x9b31m", "<9B>31m"),
        ("user\u202etxt.exe", "user<U+202E>txt.exe"),
        ("zero\u200bwidth", "zero<U+200B>width"),
        ("tag\U000e0041", "tag<U+E0041>"),
        ("lone\ud800", "lone�"),
        ("line\u2028two", "line<U+2028>two"),
        ("no\xa0break", "no break"),
        ("filler\u3164here", "filler<U+3164>here"),
        ("smuggled\U000e0100", "smuggled<U+E0100>"),
        ("warn\u26a0\ufe0f", "warn\u26a0"),
        ("e" + "\u0301" * 40, "e\u0301\u0301\u0301<37 marks>"),
        ("\ud83d\ude00", "��"),
        ("Ünïcode 日本 🙂", "Ünïcode 日本 🙂"),
        ("", ""),
    ],
)
def test_what_cannot_be_seen_becomes_a_mark(raw: str, visible: str) -> None:
    assert Shown(raw) == visible


def test_bytes_are_read_as_utf8_and_what_is_none_stands_out() -> None:
    assert shown(b"caf\xc3\xa9 \xff\xfe") == "café \ufffd\ufffd"
    assert shown(memoryview(b"abc")) == "abc"
    assert one_line(b"a\r\n\t b") == "a b"
    assert shown(42) == "42"
    assert shown(None) == "None"


def test_a_cut_is_marked() -> None:
    assert shown("x" * 10, 10) == "x" * 10
    assert shown("x" * 11, 10) == "x" * 9 + "…"
    assert len(shown("\u202e" * 9000)) == FIELD_LIMIT
    assert Shown(Shown("x" * 50), 10) == "x" * 9 + "…"
    assert shown(Shown("x" * 50), 10) == "x" * 9 + "…"
    assert Shown("abc", 0) == "…"


@pytest.mark.parametrize("text", ["plain", "tab\tand\nline", "no\xa0break", "日本", "⚠\ufe0f", ""])
def test_ordinary_text_is_not_called_hostile(text: str) -> None:
    assert not is_hostile(text)


@pytest.mark.parametrize(
    "text", ["\x1b]52;c;x\x07", "\x9b", "\u202e", "\u200b", "\x00", "\ud800", "\u3164", "\U000e0100"]
)
def test_hostile_text_is_called_so(text: str) -> None:
    assert is_hostile(text)


# redacted


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("password=hunter2", "hunter2"),
        ("DB_PASSWORD='hunter 2' host=x", "hunter 2"),
        ("PGPASSWORD: hunter2", "hunter2"),
        ('{"password": "my pass phrase", "user": 1}', "my pass phrase"),
        (r'{"body": "{\"apiKey\": \"abc def\"}"}', "abc def"),
        ('{"password":"a\\"b c"}', 'b c"'),
        ("{'client_secret': 'hunter2'}", "hunter2"),
        ('"token" => "hunter2"', "hunter2"),
        ("msg=password=hunter2", "hunter2"),
        ("GET /login?user=a&password=hunter2&next=/ 200", "hunter2"),
        ("Server=db;Password=hunter2;Database=x", "hunter2"),
        ("SECRET_KEY_BASE=abcdef", "abcdef"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "wJalrXUtnFEMI"),
        ("X-Api-Key: abcdef", "abcdef"),
        ("AccountKey=Zm9vYmFy==;EndpointSuffix=x", "Zm9vYmFy"),
        ("password=hun,ter2 next", "ter2"),
        ("password=ada@example.org/x", "/x"),
        ("password=‹hunter2", "hunter2"),
        ("password=12345", "12345"),
        ("x" * 8000 + " password=hunter2 y", "hunter2"),
        ("postgres://bob:hunter2@db/shop", "hunter2"),
        ("postgres://bob:hun@ter2@db/shop", "ter2"),
        ("redis://:hunter2@127.0.0.1:6379/0", "hunter2"),
        ("Authorization: Bearer abc123def456", "abc123def456"),
        ("authorization: Token abcdef123456", "abcdef123456"),
        ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("Cookie: sid=hunter2; theme=dark; remember=hunter3", "hunter3"),
        ('{"set-cookie": "sid=hunter2; Path=/"}', "hunter2"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sflKxw end", "eyJzdWIiOiIxIn0"),
        ("cut off eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0", "eyJzdWIiOiIxIn0"),
        ("key AKIAIOSFODNN7EXAMPLE used", "AKIAIOSFODNN7EXAMPLE"),
        ("push with ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_abcdef"),
        ("hook xoxb-123456789012-abcdefghijkl", "xoxb-123"),
        ("stripe sk_live_abcdefghij0123", "sk_live_abc"),
        ("login failed for ada.lovelace+x@mail.example.org.", "lovelace"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENC\n\nMIIabc\n-----END RSA PRIVATE KEY-----",
            "MIIabc",
        ),
        ("-----BEGIN PRIVATE KEY-----\nMIIabc", "MIIabc"),
    ],
)
def test_secrets_are_replaced(text: str, secret: str) -> None:
    found = redact(text)
    assert secret not in found
    assert "‹" in found
    assert secret not in shown(text)


@pytest.mark.parametrize(
    "text",
    [
        "trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7",
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793",
        "request 550e8400-e29b-41d4-a716-446655440000 done",
        "commit fd1087ed7fdeedc8b863acca9072f1c572cdecbe",
        "image@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "dd.trace_id=1234567890123456789 0x4bf92f3577b34da6a3ce929d0e0e4736",
        "session_id=6543.1a2b job 7f3c9a",
        "key=user:1 monkey: x turkey=7",
        "cache_key=frag:home primary_key: id sort-key=a routing_key=orders",
        "keys=12 hits=3",
        "bypass: true compass=north tests pass: all",
        "tokens=1500 max_tokens: 4096 total_tokens=99",
        "token_type=jwt token_count: 400 password_attempts=3",
        "author: Smith authority=example authored=2024",
        "token: expired",
        "password: must not be empty",
        '{"password": "is too short", "secret": true, "token": null}',
        "basic authentication failed, bearer authentication required",
        "secret: false auth=enabled",
        "getty@tty1.service started",
        "ssh root@web-1.internal",
        "https://example.org:8443/a?u=1",
        "http://h/p:q@x",
        "12:30:45 GET /api 200",
        "desk-1 task-99 ghost xoxo",
    ],
)
def test_ids_and_plain_words_stay(text: str) -> None:
    assert redact(text) == text
    assert shown(text) == text


def test_the_user_of_a_secret_can_still_be_counted() -> None:
    first, again, other = (redact(f"login failed for {name}@example.org") for name in ("ada", "ada", "bob"))
    assert first == again
    assert first != other
    assert first.startswith("login failed for ‹email:")
    assert token("email", "ada@example.org") in first


def test_surrounding_text_stays_readable() -> None:
    assert redact("a=1,password=xyz,b=2") == f"a=1,password={token('secret', 'xyz')},b=2"
    assert redact('{"password": "x y","u":1}') == f'{{"password": "{token("secret", "x y")}","u":1}}'
    assert redact("redis://:pw12@h/0") == f"redis://{token('password', ':pw12')}@h/0"


@given(SECRETIVE | ANY_TEXT)
@example("://a:b@c")
@example("password=‹email:3f9a›")
@example("password=‹email:3f9a›tail")
@example("‹token:3f9a›")
@example("cookie: a=b; cookie: c=d")
def test_redacting_twice_is_redacting_once(text: str) -> None:
    once = redact(text)
    assert redact(once) == once
    assert redact(text) == once


@given(SECRETIVE | ANY_TEXT)
def test_what_is_changed_was_announced(text: str) -> None:
    assert redact(text) == text or may_hold_secret(text)


@given(
    st.sampled_from(
        [
            "password={}",
            'x "api_key": "{}" y',
            "postgres://u:{}@h/d",
            "Authorization: Bearer {}9",
            "secret: {}",
        ]
    ),
    st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCXYZ0123456789_-~", min_size=9, max_size=60),
    st.integers(0, 300),
    st.integers(20, 400),
)
def test_no_secret_is_shown_whatever_the_limit(form: str, secret: str, before: int, limit: int) -> None:
    secret = "7" + secret
    text = "." * before + " " + form.format(secret)
    for made in (shown(text, limit), one_line(text, limit), shown(text.encode(), limit)):
        assert secret[:9] not in made.partition(" ")[2]


@given(
    st.text(alphabet="abcdef0123456789-", min_size=8, max_size=64),
    st.sampled_from(["trace_id", "id", "request-id", "key"]),
)
def test_no_id_is_ever_redacted(value: str, name: str) -> None:
    for text in (value, f"{name}={value}", f'{{"{name}": "{value}"}}', f"{name} {value}"):
        assert redact(text) == text


@pytest.mark.parametrize("limit", range(14, 80))
def test_a_cut_through_a_secret_does_not_show_its_beginning(limit: int) -> None:
    for text in (
        "postgres://u:7abcdefghijklmnopqrstuvw@host.example.org/shop",
        "from 7abcdefghijklmnopqrstuvw@host.example.org",
        "jwt eyJ7abcdefghijklmnopqrstuvw.eyJ7abcdefghijklmnopqrstuvw.sig",
    ):
        for made in (shown(text, limit), one_line(text, limit), shown(text.encode(), limit)):
            assert "7ab" not in made


def test_urls_of_secrets_show_no_secret() -> None:
    url = SecretUrl("https://u:pw123456@h/p?token=abc123&q=1")
    assert "pw123456" not in url.shown
    assert "abc123" not in url.shown
    assert redact(url.shown) == url.shown


# in linear time

HOSTILE = [
    "a=", "a:", "pass=", '"pass":"', "password=a,", "password='", "token ", "bearer a ", "basic ",
    "://", "://a:", "://a:b", "eyJ", "eyJaaaaaaaa.", "a@", "a.", "a.b@", "@a.", "a@b.",
    "-----BEGIN PRIVATE KEY-----", "cookie: a=", "cookie: a=b; ", "‹secret:", "‹", '\\"', "\\", "  :",
    "=", "ghp_", "xoxb-", "\u0301", "\u202e", "\x1b", "k", "aB", "_", "password=,a", "password=a,b",
    "key'", "AKIA",
]  # fmt: skip


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@pytest.mark.parametrize("piece", HOSTILE)
def test_64_000_hostile_characters_take_no_time(piece: str) -> None:
    text = (piece * 64_000)[:64_000]
    for tail in ("", "password=hunter2", "@example.org", "!"):
        assert seconds(lambda tail=tail: redact(text + tail)) < 0.6, tail  # type: ignore[misc] # bound at once
    assert seconds(lambda: Shown(text, 64_000)) < 0.6
    assert seconds(lambda: one_line(text)) < 0.1


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=4).map("".join))
def test_no_repeated_mix_of_pieces_takes_long(mix: str) -> None:
    text = (mix * 16_000)[:16_000]
    assert seconds(lambda: redact(text)) < 0.5
