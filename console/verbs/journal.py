"""``journal``: what was done, by whom, and whether the record is whole."""

import os
import sys

from console.actions.journal import Journal
from console.actions.making import journal_of
from console.cli import Wanted
from console.present.acting import record_line
from console.present.report import FORMAT
from console.verbs.check import print_json
from console.verbs.sourcing import settings_or_exit


def run_journal(wanted: Wanted, *, verify: bool, as_json: bool) -> int:
    """Print the journal, or walk its chain: 0 where it is whole, 2 where it was changed."""
    settings = settings_or_exit(wanted, idle=True)
    journal = journal_of(settings, os.environ)
    if verify:
        return _verified(journal, as_json=as_json)
    if as_json:
        print_json({"format": FORMAT, "path": str(journal.path), "records": list(journal.records())})
        return 0
    for record in journal.records():
        print(record_line(record))
    return 0


def _verified(journal: Journal, *, as_json: bool) -> int:
    found = journal.verify()
    if as_json:
        broken = [{"line": line, "why": why} for line, why in found.broken]
        print_json({"format": FORMAT, "records": found.records, "head": found.head, "broken": broken})
    else:
        for line, why in found.broken:
            print(f"{journal.path}:{line}: {why}", file=sys.stderr)
        print(f"{found.records} records, head {found.head}")
    return 2 if found.broken else 0
