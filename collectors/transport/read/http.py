"""HTTP reads: GET and HEAD, dialled anew each time, never redirected, never decompressed, never endless."""

from typing import Literal

from collectors.transport.endpoint import Dial
from collectors.transport.exchange import (
    ACCEPT,
    BODY_LIMIT,
    CHUNK_LIMIT,
    Ask,
    Exchanger,
    Progress,
    Response,
    Target,
)
from collectors.transport.lease import Lease, LeaseKey, Leases
from collectors.transport.tls import TlsFiles

__all__ = [
    "ACCEPT",
    "BODY_LIMIT",
    "CHUNK_LIMIT",
    "HttpReader",
    "Method",
    "Response",
    "Target",
    "http_lease",
]

Method = Literal["GET", "HEAD"]


class HttpReader(Exchanger):
    """Reads by HTTP; one for all collectors of a loop that share TLS files, as making a context is dear.

    Each read looks the name up, connects, shakes hands and hangs up. Proxies, cookies and redirects do
    not exist here.
    """

    async def read(
        self,
        target: Target,
        dial: Dial,
        *,
        timeout: float,  # noqa: ASYNC109 - the words of a time-out need it, and it covers all phases
        method: Method = "GET",
        limit: int = BODY_LIMIT,
    ) -> Response:
        """One answer within ``timeout`` seconds in all.

        Raises SourceError: TimedOutError, UnreachableError, AccessError (TLS), AnswerError (not HTTP,
        cut off, encoded); ``why`` is a short phrase such as "refused".
        """
        if method not in ("GET", "HEAD"):
            raise ValueError(f"a reader does not send {method}")
        return await self._exchange(Ask(target, method, limit=limit), dial, timeout, Progress())


def http_lease(leases: Leases, files: TlsFiles) -> tuple[LeaseKey, Lease[HttpReader]]:
    """Join the loop's reader for these TLS files; release the key when done."""
    key = LeaseKey("http", f"{files.ca_file}\n{files.client_cert}\n{files.client_key}", "")

    async def connect() -> HttpReader:
        return HttpReader(files)

    return key, leases.get(key, connect, HttpReader.close)
