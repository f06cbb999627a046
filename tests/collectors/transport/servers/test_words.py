"""What ssh complains of, recorded from OpenSSH 9.2, becomes a fault and the machine whose it is."""

import pytest

from collectors.transport.servers.state import Fault
from collectors.transport.servers.words import judge, lost

UNKNOWN = (
    "No ED25519 host key is known for [10.0.0.1]:2222 and you have requested strict checking.\r\n"
    "Host key verification failed.\r\n"
)
CHANGED = (
    "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n"
    "The fingerprint for the ED25519 key sent by the remote host is\n"
    "SHA256:AymHL2baLAPob+4+9o6SAqA+aae22X6fzx6jF916m6A.\r\n"
    "Host key for [10.0.0.1]:2222 has changed and you have requested strict checking.\r\n"
    "Host key verification failed.\r\n"
)
REVOKED = (
    "@       WARNING: REVOKED HOST KEY DETECTED!               @\r\n"
    "The ED25519 host key for 10.0.0.1 is marked as revoked.\r\nHost key verification failed.\r\n"
)
DENIED = "root@10.0.0.1: Permission denied (publickey).\r\n"
ABOVE = (
    "kex_exchange_identification: Connection closed by remote host\r\n"
    "Connection closed by UNKNOWN port 65535\r\n"
)
NO_NAME = "ssh: Could not resolve hostname nosuch.invalid: Name or service not known\r\n"
REFUSED = "ssh: connect to host 10.0.0.1 port 22: Connection refused\r\n"
BEHIND_REFUSED = (
    f"channel 0: open failed: connect failed: Connection refused\r\nstdio forwarding failed\r\n{ABOVE}"
)
SILENT = "Connection timed out during banner exchange\r\nConnection to 10.0.0.1 port 22 timed out\r\n"
SILENT_ABOVE = "Connection timed out during banner exchange\r\nConnection to UNKNOWN port 65535 timed out\r\n"
SHED = (
    "kex_exchange_identification: Connection closed by remote host\r\n"
    "Connection closed by 10.0.0.1 port 22\r\n"
)


@pytest.mark.parametrize(
    ("complaints", "hops", "fault", "failing"),
    [
        (UNKNOWN, 0, Fault.KEY_UNKNOWN, 0),
        (UNKNOWN, 2, Fault.KEY_UNKNOWN, 2),
        (UNKNOWN + ABOVE, 1, Fault.KEY_UNKNOWN, 0),
        (UNKNOWN + ABOVE, 2, Fault.KEY_UNKNOWN, 1),
        (UNKNOWN + ABOVE + ABOVE, 2, Fault.KEY_UNKNOWN, 0),
        (CHANGED, 1, Fault.KEY_CHANGED, 1),
        (CHANGED + ABOVE, 1, Fault.KEY_CHANGED, 0),
        (REVOKED + ABOVE, 1, Fault.KEY_REVOKED, 0),
        (DENIED, 1, Fault.AUTH, 1),
        (DENIED + ABOVE, 1, Fault.AUTH, 0),
        (NO_NAME, 0, Fault.DNS, 0),
        (NO_NAME + ABOVE, 1, Fault.DNS, 0),
        (REFUSED, 0, Fault.REFUSED, 0),
        (REFUSED + ABOVE, 1, Fault.REFUSED, 0),
        (BEHIND_REFUSED, 1, Fault.REFUSED, 1),
        (BEHIND_REFUSED + ABOVE, 2, Fault.REFUSED, 1),
        (SILENT, 0, Fault.TIMED_OUT, 0),
        (SILENT + SILENT_ABOVE, 1, Fault.TIMED_OUT, 0),
        (SILENT_ABOVE, 1, Fault.TIMED_OUT, 1),
        (SHED, 0, Fault.LOST, 0),
        (SHED + ABOVE, 1, Fault.LOST, 0),
        (ABOVE, 1, Fault.LOST, 1),
        ("", 0, Fault.OTHER, 0),
    ],
)
def test_a_failed_login(complaints: str, hops: int, fault: Fault, failing: int) -> None:
    verdict = judge(complaints, hops)
    assert (verdict.fault, verdict.failing) == (fault, failing)


def test_the_key_that_was_sent_is_told() -> None:
    assert judge(CHANGED, 0).fingerprint == "SHA256:AymHL2baLAPob+4+9o6SAqA+aae22X6fzx6jF916m6A"
    assert judge(UNKNOWN, 0).fingerprint == ""


def test_what_a_server_says_is_made_safe() -> None:
    assert "\x1b" not in judge("\x1b[2J Permission denied (publickey).", 0).said


@pytest.mark.parametrize(
    ("complaints", "fault"),
    [
        ("Timeout, server 10.0.0.1 not responding.\r\n", Fault.TIMED_OUT),
        ("Connection to 10.0.0.1 closed by remote host.\r\n", Fault.LOST),
        ("channel 3: open failed: connect failed: Connection refused\r\n", Fault.LOST),
        ("", Fault.LOST),
    ],
)
def test_a_connection_that_stood(complaints: str, fault: Fault) -> None:
    assert lost(complaints)[0] is fault
