"""TLS of readers: always verified, against the system's store and the files that the configuration adds."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collectors.errors import AccessError, SourceError
from collectors.text import one_line

_REASONS = {
    "WRONG_VERSION_NUMBER": "the other side does not speak TLS",
    "HTTP_REQUEST": "the other side does not speak TLS",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it asks for a client certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "it refuses our client certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "our client certificate has expired",
    "TLSV1_ALERT_UNKNOWN_CA": "it does not know who signed our client certificate",
    "UNEXPECTED_EOF_WHILE_READING": "closed without a goodbye",
}


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: further authorities, our own certificate, its key (empty: in the same file)."""

    ca_file: str = ""
    client_cert: str = ""
    client_key: str = ""


NO_FILES = TlsFiles()
"""The system's store alone."""


def client_context(files: TlsFiles = NO_FILES) -> ssl.SSLContext:
    """A verifying client context; reads files, so not for the event loop (24 ms).

    Raises SourceError that names the file which cannot be used.
    """
    context = ssl.create_default_context()
    if files.ca_file:
        try:
            context.load_verify_locations(cafile=str(Path(files.ca_file).expanduser()))
        except OSError as error:
            raise SourceError(f"ca_file {files.ca_file}: {_file_words(error)}") from None
    if files.client_cert:
        key = str(Path(files.client_key).expanduser()) if files.client_key else None
        try:
            # without a password function OpenSSL would ask for one on the terminal
            context.load_cert_chain(str(Path(files.client_cert).expanduser()), key, password=_no_password)
        except OSError as error:
            raise SourceError(f"client_cert {files.client_cert}: {_file_words(error)}") from None
    return context


def tls_error(error: ssl.SSLError, place: str) -> AccessError:
    """What went wrong in a handshake, in words that begin with "TLS:"."""
    if isinstance(error, ssl.SSLCertVerificationError):
        hint = "if its authority is your own, name it in ca_file"
        return AccessError(f"TLS: {error.verify_message or 'the certificate is not trusted'}", hint)
    reason = error.reason or str(error)
    words = _REASONS.get(reason, reason.replace("_", " ").lower())
    return AccessError(f"TLS: {one_line(words, 120)}", f"talking to {place}")


def not_after(tls: Any) -> float | None:  # noqa: ANN401 - an SSLObject or a driver's stand-in for one
    """UTC epoch seconds when the peer's certificate ends, None where there is no verified one."""
    certificate = tls.getpeercert() if isinstance(tls, (ssl.SSLObject, ssl.SSLSocket)) else None
    ends = certificate.get("notAfter") if certificate else None
    return float(ssl.cert_time_to_seconds(ends)) if isinstance(ends, str) else None


def _no_password() -> str:
    return ""


def _file_words(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "not a usable PEM file (a key with a passphrase cannot be used)"
    return error.strerror or type(error).__name__
