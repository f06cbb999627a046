"""Secrets cannot be printed, pickled or copied by accident; URLs show all but theirs."""

import copy
import dataclasses
import json
import logging
import pickle
import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.secret import Secret, SecretUrl
from collectors.text import Shown

VALUE = "hunter2-the-secret"


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        ascii,
        lambda secret: f"{secret}",
        "{}".format,
        lambda secret: f"{[secret]} { ({'a': secret}) }",
    ],
)
def test_no_way_of_printing_shows_it(show: Any) -> None:
    assert VALUE not in show(Secret(VALUE))
    assert VALUE not in show(SecretUrl(f"redis://:{VALUE}@cache:6379/0"))


def test_reveal_gives_it() -> None:
    assert Secret(VALUE).reveal() == VALUE


def test_dataclasses_and_logs_show_the_mask(caplog: pytest.LogCaptureFixture) -> None:
    @dataclasses.dataclass(frozen=True)
    class Options:
        password: Secret

    options = Options(Secret(VALUE))
    logging.getLogger("test").warning("%s %r", options.password, options)
    assert VALUE not in repr(options) + caplog.text
    assert "•••" in caplog.text


@pytest.mark.parametrize(
    "write", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars, lambda secret: f"{secret:>40}"]
)
def test_what_would_write_it_elsewhere_fails(write: Any) -> None:
    with pytest.raises(TypeError) as caught:
        write(Secret(VALUE))
    assert VALUE not in str(caught.value)


def test_equality_is_by_value_and_kind() -> None:
    assert Secret("a") == Secret("a")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("a") != Secret("b")
    assert Secret("http://a") != SecretUrl("http://a")
    assert Secret("a") != "a"


@pytest.mark.parametrize("value", ["", None, 5, b"x", ["x"]])
def test_only_texts_are_secrets(value: object) -> None:
    with pytest.raises(ValueError, match="non-empty string"):
        Secret.parse(value)


def test_a_parsed_secret_stays_itself() -> None:
    secret = Secret(VALUE)
    assert Secret.parse(secret) is secret


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:hunter2@cache:6379/0", "redis://cache:6379/0"),
        (
            "postgres://app:hunter2@db.internal/shop?sslmode=require",
            "postgres://app@db.internal/shop?sslmode=require",
        ),
        ("postgres://app:p%40ss@[::1]:5432/shop", "postgres://app@[::1]:5432/shop"),
        ("https://app:a@b@host/x", "https://app@host/x"),
        ("https://ghp_token@host/x", "https://•••@host/x"),
        ("https://host/readyz?token=abc&full=1", "https://host/readyz?token=•••&full=1"),
        ("https://host/?API_KEY=abc&X-Amz-Signature=abc", "https://host/?API_KEY=•••&X-Amz-Signature=•••"),
        ("https://host/?pwd=abc&empty=", "https://host/?pwd=•••&empty="),
        ("https://host/?p%77d=abc&flag&;token=1", "https://host/?p%77d=•••&flag&;token=•••"),
        ("https://host/a#access_token=abc", "https://host/a"),
        ("unix:///run/valkey.sock?db=1", "unix:///run/valkey.sock?db=1"),
        ("HTTP://Host/", "http://Host/"),
        ("https://host/\x1b]52;c;aGk=\x07", "https://host/␛]52;c;aGk=␇"),
        ("https://u:hunter2@[broken/", "https://•••"),
    ],
)
def test_urls_are_shown_without_their_secrets(url: str, shown: str) -> None:
    secret = SecretUrl(url)
    assert secret.shown == shown
    assert type(secret.shown) is Shown
    assert str(secret) == shown
    assert repr(secret) == f"SecretUrl({secret.shown!r})"


def test_the_scheme_is_lower_case() -> None:
    assert SecretUrl("REDIS+Sentinel://a").scheme == "redis+sentinel"


@pytest.mark.parametrize(
    "bad", ["hunter2", "host:6379", "", "https://u:hunter2@[broken/", "https://u:hunter2\u2100@host/"]
)
def test_what_is_no_url_is_refused_without_being_repeated(bad: str) -> None:
    with pytest.raises(ValueError, match=r"non-empty|not a URL") as caught:
        SecretUrl.parse(bad)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


@given(st.text(min_size=1), st.sampled_from(["http", "redis", "postgres"]))
def test_any_text_is_borne_and_passwords_never_shown(text: str, scheme: str) -> None:
    password = "s3cr3t" * 3
    url = SecretUrl(f"{scheme}://user:{password}@{text}")
    assert url.shown.isprintable()
    if not any(mark in text for mark in "@"):
        assert password not in url.shown
