"""The HTTP reader and certificates: verified always, refusals in words, the end told."""

import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from collectors.errors import AccessError, SourceError
from collectors.secret import SecretUrl
from collectors.transport.endpoint import TcpDial, direct
from collectors.transport.read.http import HttpReader, Target
from collectors.transport.tls import TlsFiles
from tests.servers.web import raw_server

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
ENDS = datetime(2090, 5, 4, 3, 2, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
async def make_reader() -> AsyncIterator[Callable[[TlsFiles], HttpReader]]:
    made: list[HttpReader] = []

    def make(files: TlsFiles) -> HttpReader:
        made.append(HttpReader(files))
        return made[-1]

    yield make
    for reader in made:
        await reader.close()


def _server(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


async def _why(reader: HttpReader, url: str) -> str:
    secret = SecretUrl(url)
    with pytest.raises(SourceError) as caught:
        await reader.read(Target.of(secret), direct(secret), timeout=10)
    return caught.value.why


MakeReader = Callable[[TlsFiles], HttpReader]


async def test_the_end_of_the_certificate_is_told(
    authority: trustme.CA, ca_file: str, make_reader: MakeReader
) -> None:
    context = _server(authority.issue_cert("127.0.0.1", not_after=ENDS))
    async with raw_server(OK, context) as server:
        url = SecretUrl(server.url(scheme="https"))
        answer = await make_reader(TlsFiles(ca_file)).read(Target.of(url), direct(url), timeout=10)
    assert answer.body == b"ok"
    assert answer.cert_not_after == ENDS.timestamp()


async def test_the_name_in_the_url_is_what_counts_wherever_the_dial_leads(
    authority: trustme.CA, ca_file: str, make_reader: MakeReader
) -> None:
    context = _server(authority.issue_cert("orders.internal"))
    reader = make_reader(TlsFiles(ca_file))
    async with raw_server(OK, context) as server:
        target = Target.of(SecretUrl("https://orders.internal/readyz"))
        dial = TcpDial("127.0.0.1", server.port, "orders.internal")
        assert (await reader.read(target, dial, timeout=10)).status == 200
        with pytest.raises(AccessError, match=r"orders\.example"):
            await reader.read(target, TcpDial("127.0.0.1", server.port, "orders.example"), timeout=10)


async def test_an_expired_certificate(authority: trustme.CA, ca_file: str, make_reader: MakeReader) -> None:
    ended = datetime.now(UTC) - timedelta(hours=1)
    leaf = authority.issue_cert("127.0.0.1", not_before=ended - timedelta(days=1), not_after=ended)
    async with raw_server(OK, _server(leaf)) as server:
        why = await _why(make_reader(TlsFiles(ca_file)), server.url(scheme="https"))
    assert why == "TLS: certificate has expired"


async def test_an_unknown_authority_is_never_accepted(authority: trustme.CA, make_reader: MakeReader) -> None:
    async with raw_server(OK, _server(authority.issue_cert("127.0.0.1"))) as server:
        why = await _why(make_reader(TlsFiles()), server.url(scheme="https"))
        assert why.startswith("TLS: ")
        assert "certificate" in why
        assert server.heads == []


async def test_another_name(authority: trustme.CA, ca_file: str, make_reader: MakeReader) -> None:
    async with raw_server(OK, _server(authority.issue_cert("other.internal"))) as server:
        why = await _why(make_reader(TlsFiles(ca_file)), server.url(scheme="https"))
    assert why.startswith("TLS: ")
    assert "127.0.0.1" in why


async def test_a_plain_server_behind_https(ca_file: str, make_reader: MakeReader) -> None:
    async with raw_server(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20, read=False) as server:
        why = await _why(make_reader(TlsFiles(ca_file)), server.url(scheme="https"))
    assert why == "TLS: the other side does not speak TLS"


async def test_client_certificates_and_a_renewed_file(
    authority: trustme.CA, ca_file: str, tmp_path: Path, make_reader: MakeReader
) -> None:
    context = _server(authority.issue_cert("127.0.0.1"))
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    pem = tmp_path / "client.pem"
    trustme.CA().issue_cert("us@example.org").private_key_and_cert_chain_pem.write_to_path(str(pem))
    reader = make_reader(TlsFiles(ca_file, str(pem)))
    async with raw_server(OK, context) as server:
        url = server.url(scheme="https")
        # the server's alert or its hanging up: whichever comes first
        refusals = ("TLS: it does not know who signed our client certificate", "reset", "closed without")
        assert (await _why(reader, url)).startswith(refusals)
        authority.issue_cert("us@example.org").private_key_and_cert_chain_pem.write_to_path(str(pem))
        target = Target.of(SecretUrl(url))
        answer = await reader.read(target, direct(SecretUrl(url)), timeout=10)
        assert answer.status == 200
        refusals = ("TLS: it asks for a client certificate", "reset", "closed without")
        assert (await _why(make_reader(TlsFiles(ca_file)), url)).startswith(refusals)


@pytest.mark.parametrize(
    "content", [None, b"no pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
async def test_files_that_cannot_be_used_are_named(
    tmp_path: Path, content: bytes | None, make_reader: MakeReader
) -> None:
    path = tmp_path / "files.pem"
    if content is not None:
        path.write_bytes(content)
    url = SecretUrl("https://127.0.0.1:1/")
    for files, name in ((TlsFiles(str(path)), "ca_file"), (TlsFiles("", str(path)), "client_cert")):
        with pytest.raises(SourceError, match=name) as caught:
            await make_reader(files).read(Target.of(url), direct(url), timeout=10)
        assert str(path) in caught.value.why
