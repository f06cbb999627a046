"""What ssh complains of, as a Fault in our words; the patterns are those of OpenSSH 8.4 to 10."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from collectors.text import one_line
from collectors.transport.servers.state import Fault

_PATTERNS: tuple[tuple[Fault, str], ...] = (
    (Fault.KEY_REVOKED, r"is marked as revoked|REVOKED HOST KEY|host key for .* was revoked"),
    (Fault.KEY_CHANGED, r"IDENTIFICATION HAS CHANGED|host key for .* has changed"),
    (Fault.KEY_UNKNOWN, r"host key is known for|Host key verification failed"),
    (Fault.AUTH, r"Permission denied \(|Too many authentication failures|no more authentication methods"),
    (Fault.AUTH, r"No supported authentication methods|sign_and_send_pubkey"),
    (Fault.DNS, r"Could not resolve hostname|Name or service not known|No address associated"),
    (Fault.DNS, r"Temporary failure in name resolution"),
    (Fault.REFUSED, r"Connection refused"),
    (Fault.TIMED_OUT, r"timed out|Timeout, server"),
    (Fault.OTHER, r"administratively prohibited|No route to host|Network is unreachable|Unable to negotiate"),
    (Fault.OTHER, r"Bad configuration option|Bad owner or permissions|terminating, \d+ bad"),
    (Fault.LOST, r"closed by remote host|Connection closed by|Connection reset|Broken pipe|kex_exchange"),
)
_UNKNOWN_PLACE = "UNKNOWN port 65535"
_SHA = re.compile(r"SHA256:[A-Za-z0-9+/=]{20,60}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a connection could not be made.

    ``failing``: which of the machines on the way, counted from us and from 0; the last one is the server.
    ``said``: the line that tells it. ``fingerprint``: of the key that was sent instead, empty if not told.
    """

    fault: Fault
    failing: int
    said: str
    fingerprint: str = ""


def judge(complaints: str, hops: int) -> Verdict:
    """What failed on a way with that many jump hosts.

    Each ssh above one that gave up says that its own line was closed, at ``UNKNOWN port 65535``.
    """
    lines = [line.strip() for line in complaints.splitlines() if line.strip()]
    fault, said = _first(lines)
    print_ = _SHA.search(complaints)
    fingerprint = print_.group() if print_ and fault is Fault.KEY_CHANGED else ""
    return Verdict(fault, _failing(lines, fault, hops), said, fingerprint)


def _first(lines: Sequence[str]) -> tuple[Fault, str]:
    for fault, pattern in _PATTERNS:
        for line in lines:
            if re.search(pattern, line, re.IGNORECASE):
                return fault, str(one_line(line, 200))
    return Fault.OTHER, str(one_line(lines[-1], 200)) if lines else ""


def _failing(lines: Sequence[str], fault: Fault, hops: int) -> int:
    above = sum(_UNKNOWN_PLACE in line for line in lines)
    if any("stdio forwarding failed" in line for line in lines):
        # the jump host was reached, and could not reach the next one
        above -= 1
    elif fault is Fault.TIMED_OUT:
        # all of them wait for the one that is silent, and say so
        above = sum("timed out during banner" in line for line in lines) - 1
    elif fault is Fault.LOST and not any(_direct(line) for line in lines):
        # the one that was closed has no address of its own to tell
        above -= 1
    return min(hops, max(0, hops - max(0, above)))


def _direct(line: str) -> bool:
    return re.search(r"(closed|reset) by (?!UNKNOWN)\S+ port", line) is not None


def lost(complaints: str) -> tuple[Fault, str]:
    """Why a connection that stood has ended."""
    lines = [line.strip() for line in complaints.splitlines() if line.strip()][-12:]
    for line in lines:
        if "Timeout, server" in line or "timed out" in line:
            return Fault.TIMED_OUT, str(one_line(line, 200))
    told = [line for line in lines if not line.startswith(("channel ", "Killed by signal"))]
    return Fault.LOST, str(one_line(told[-1], 200)) if told else ""
