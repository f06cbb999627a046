"""What kubectl and docker complain of, as a Fault in our words; of kubectl 1.32 and docker 28."""

import re
from collections.abc import Mapping, Sequence

from collectors.text import one_line
from collectors.transport.servers.state import Fault

Patterns = Sequence[tuple[Fault, str]]

KUBECTL: Patterns = (
    (Fault.AUTH, r"\(Unauthorized\)|You must be logged in to the server|getting credentials:"),
    (Fault.AUTH, r"asked for the client to provide credentials"),
    (Fault.FORBIDDEN, r"\(Forbidden\)|is forbidden: "),
    (Fault.GONE, r"context was not found|context \S+ does not exist|doesn't have a resource type"),
    (Fault.GONE, r"pods? \S+ not found|container \S+ (not found|is not valid for pod)|\S+ \"\S+\" not found"),
    (Fault.NOT_RUNNING, r"in a completed pod|pod is not running|container not found"),
    (Fault.DNS, r"no such host"),
    (Fault.TIMED_OUT, r"i/o timeout|timed out|deadline exceeded|TLS handshake timeout|Client.Timeout"),
    (Fault.LOST, r"lost connection to pod|error dialing backend|connection reset|unexpected EOF|: EOF"),
    (Fault.REFUSED, r"was refused - did you specify|connection refused"),
)

DOCKER: Patterns = (
    (Fault.FORBIDDEN, r"permission denied while trying to connect|authorization denied"),
    (Fault.GONE, r"No such container|No such object|context not found|context \S+ does not exist"),
    (Fault.NOT_RUNNING, r"is not running|is paused|is restarting"),
    (Fault.AUTH, r"Permission denied \(|Host key verification failed"),
    (Fault.DNS, r"no such host|Could not resolve hostname"),
    (Fault.TIMED_OUT, r"i/o timeout|timed out|deadline exceeded"),
    (Fault.REFUSED, r"Cannot connect to the Docker daemon|connection refused"),
    (Fault.LOST, r"connection reset|unexpected EOF|broken pipe"),
)

KUBECTL_REMEDIES: Mapping[Fault, str] = {
    Fault.AUTH: "log in to the cluster as you do by hand, then try again",
    Fault.FORBIDDEN: "ask for that right in the cluster (RBAC)",
    Fault.REFUSED: "is the cluster up, and the context the right one?",
}

DOCKER_REMEDIES: Mapping[Fault, str] = {
    Fault.FORBIDDEN: "this user needs the group that owns the socket, mostly `docker`",
    Fault.NOT_RUNNING: "start the container",
}

# the log lines of a Go library, which repeat what comes last
_LOGGED = re.compile(r"[EIWF]\d{4} \d\d:\d\d")


def fault_of(complaint: bytes, patterns: Patterns) -> tuple[Fault, str]:
    """The Fault behind a complaint, OTHER where it is unknown, and the line that tells it."""
    lines = [line.strip() for line in complaint.decode("utf-8", "replace").splitlines() if line.strip()]
    lines = [line for line in lines if not _LOGGED.match(line)] or lines
    for fault, pattern in patterns:
        for line in lines:
            if re.search(pattern, line, re.IGNORECASE):
                return fault, str(one_line(line, 300))
    return Fault.OTHER, str(one_line(lines[-1], 300)) if lines else ""
