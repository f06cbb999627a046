"""Kubernetes components: lines of ``[+]etcd ok`` and ``[-]shutdown failed: reason withheld``.

Source: k8s.io/apiserver/pkg/server/healthz; the last line says "readyz check failed" with a 500.
"""

import re

from collectors.health._parsed import Outcome, ParsedHealth, kept, part
from collectors.text import one_line

_CHECK = re.compile(r"\[([+-])\](\S{1,200})[ ]?([^\n]{0,400})")


def parse(text: str) -> ParsedHealth | None:
    """Of a text, None where no line is a check."""
    lines = text.splitlines()[:500]
    found = [match for line in lines if (match := _CHECK.fullmatch(line.strip()))]
    if not found:
        return None
    failed = {match[2] for match in found if match[1] == "-"}
    parts = [
        part(match[2], "failed" if match[1] == "-" else "ok", match[3].removeprefix("failed").lstrip(": "))
        for match in found
    ]
    outcome = Outcome.FAIL if failed else Outcome.PASS
    if failed == {"shutdown"}:
        outcome = Outcome.DRAINING
    last = lines[-1].strip()
    word = last if not _CHECK.fullmatch(last) else ("failed" if failed else "ok")
    return ParsedHealth(format="kubernetes", outcome=outcome, word=one_line(word, 80), parts=kept(parts))
