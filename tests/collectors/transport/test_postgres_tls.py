"""What a URL says of TLS to PostgreSQL, where it is reached by another address than its own."""

import ssl
from pathlib import Path

import pytest
import trustme

from collectors.errors import SourceError
from collectors.secret import SecretUrl
from collectors.transport.postgres_tls import pinned, wants_tls


@pytest.fixture(autouse=True)
def _no_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "PGSSLCRL", "PGSSLMODE"):
        monkeypatch.delenv(name, raising=False)


def url(query: str) -> SecretUrl:
    return SecretUrl(f"postgres://user@db.internal/shop?{query}")


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", ""])
def test_no_tls_is_wanted(mode: str) -> None:
    assert not wants_tls(url(f"sslmode={mode}"))
    assert pinned(url(f"sslmode={mode}"), "db.internal") is None


def test_the_environment_counts_as_it_does_for_libpq(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "require")
    assert wants_tls(url(""))
    assert not wants_tls(url("sslmode=disable"))


def test_other_schemes_have_their_own_tls() -> None:
    assert not wants_tls(SecretUrl("https://db.internal/?sslmode=require"))


@pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
def test_to_verify_needs_an_authority(mode: str) -> None:
    with pytest.raises(SourceError, match=f"sslmode={mode} without an authority") as caught:
        pinned(url(f"sslmode={mode}"), "db.internal")
    assert "sslrootcert" in caught.value.hint


def test_each_mode_verifies_what_libpq_verifies(tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    root = f"sslrootcert={tmp_path}/ca.pem"
    for query, mode, by_name in (
        (f"sslmode=verify-full&{root}", ssl.CERT_REQUIRED, True),
        ("sslmode=verify-full&sslrootcert=system", ssl.CERT_REQUIRED, True),
        (f"sslmode=verify-ca&{root}", ssl.CERT_REQUIRED, False),
        (f"sslmode=require&{root}", ssl.CERT_REQUIRED, False),
        ("sslmode=require", ssl.CERT_NONE, False),
    ):
        context = pinned(url(query), "db.internal")
        assert context is not None
        assert (context.verify_mode, context.check_hostname) == (mode, by_name)


def test_the_usual_place_of_the_authority_counts(tmp_path: Path) -> None:
    folder = tmp_path / ".postgresql"
    folder.mkdir()
    trustme.CA().cert_pem.write_to_path(str(folder / "root.crt"))
    context = pinned(url("sslmode=require"), "db.internal")
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.pem").write_text("odd")
    with pytest.raises(SourceError, match=r"sslcert .*odd\.pem: not a usable PEM file"):
        pinned(url(f"sslmode=require&sslcert={tmp_path}/odd.pem"), "db.internal")


def test_the_pinned_name_is_sent_whatever_was_dialled() -> None:
    context = pinned(url("sslmode=require"), "db.internal")
    assert context is not None
    made = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="127.0.0.1")
    assert made.server_hostname == "db.internal"
