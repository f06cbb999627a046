"""URLs become dials, and what names no place is refused in words without secrets."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.errors import OptionsError, UnsupportedError
from collectors.secret import SecretUrl
from collectors.transport.endpoint import DirectDialer, Endpoint, TcpDial, UnixDial, direct


@pytest.mark.parametrize(
    ("url", "dial"),
    [
        ("http://orders/readyz", TcpDial("orders", 80, "orders")),
        ("HTTPS://Orders.Internal/readyz", TcpDial("orders.internal", 443, "orders.internal")),
        ("https://[2001:db8::1]:8443/", TcpDial("2001:db8::1", 8443, "2001:db8::1")),
        ("redis://:pw@cache", TcpDial("cache", 6379, "cache")),
        ("valkeys://cache:7000/1", TcpDial("cache", 7000, "cache")),
        ("postgresql://u:p@db/shop", TcpDial("db", 5432, "db")),
        ("tcp://10.0.0.1:9000", TcpDial("10.0.0.1", 9000, "10.0.0.1")),
        ("unix:///run/valkey.sock?db=1", UnixDial("/run/valkey.sock")),
        ("redis+unix://u:p@/run/a%20b.sock", UnixDial("/run/a b.sock")),
        ("http+unix://%2Frun%2FApp.sock/readyz", UnixDial("/run/App.sock")),
        ("postgres:///shop?host=/run/postgresql", UnixDial("/run/postgresql/.s.PGSQL.5432")),
        ("postgres:///shop?host=/run/postgresql&port=5433", UnixDial("/run/postgresql/.s.PGSQL.5433")),
    ],
)
def test_places(url: str, dial: TcpDial | UnixDial) -> None:
    assert direct(SecretUrl(url)) == dial


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("tcp://u:hunter2@host", "names no host and port"),
        ("http://:80/", "names no host and port"),
        ("http://u:hunter2@host:port/", "the port is not a number"),
        ("http://u:hunter2@host:99999/", "the port is not a number"),
        ("http://u:hunter2@host:0/", "the port is not a number"),
        ("http://u:hunter2@[broken/", "its host cannot be read"),
        ("unix://u:hunter2@run/valkey.sock", "names no socket"),
        ("unix://", "names no socket"),
        ("http+unix://u:hunter2@app.sock/readyz", "names no socket"),
    ],
)
def test_what_names_no_place_is_refused(url: str, words: str) -> None:
    with pytest.raises(OptionsError, match=words) as caught:
        direct(SecretUrl(url))
    assert "hunter2" not in caught.value.why + caught.value.hint


@given(st.text(max_size=40), st.sampled_from(["http", "redis", "postgres", "unix", "http+unix", "tcp"]))
def test_any_url_has_a_place_or_a_reason(text: str, scheme: str) -> None:
    with contextlib.suppress(OptionsError):
        dial = direct(SecretUrl(f"{scheme}://{text}"))
        assert isinstance(dial, UnixDial) or 1 <= dial.port <= 65535


async def test_a_source_behind_a_server_is_refused_with_a_remedy() -> None:
    url = SecretUrl("redis://cache")
    assert await DirectDialer().dial(Endpoint(url)) == TcpDial("cache", 6379, "cache")
    with pytest.raises(UnsupportedError, match="web-1") as caught:
        await DirectDialer().dial(Endpoint(url, "web-1"))
    assert caught.value.hint
