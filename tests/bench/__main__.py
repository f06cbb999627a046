"""The budgets, measured: ours beside a peer or the bare library in the same run.

python -m tests.bench [NAME ...]    all of them take about ten minutes; --list names them

It starts what it needs. A figure over its budget is a figure, not a failure: the exit status is 0
unless something breaks.
"""

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Iterator

from tests.bench import (
    bench_logs,
    bench_logview,
    bench_questions,
    bench_table,
    hung,
    invalidated,
    oneshot,
    scale,
    screen,
    stored,
    through_ssh,
)
from tests.bench.figures import Figure, machine, table
from tests.bench.place import Place

BENCHES: dict[str, Callable[[Place], Iterator[Figure]]] = {
    "fleet": screen.fleet,
    "quiet": screen.quiet,
    "memory": screen.memory,
    "start": screen.start,
    "check": oneshot.check,
    "keys": hung.keys,
    "stale": scale.stale,
    "sources": scale.sources,
    "rows": bench_table.figures,
    "logs": bench_logs.figures,
    "questions": bench_questions.figures,
    "logview": bench_logview.figures,
    "ssh": through_ssh.figures,
    "history": stored.history,
    "recording": stored.recording,
    "invalidation": invalidated.invalidated,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="one of " + ", ".join(BENCHES))
    parser.add_argument("--list", action="store_true", help="name the benches and end")
    given = parser.parse_args()
    if given.list:
        print("\n".join(BENCHES))
        return 0
    unknown = set(given.names) - set(BENCHES)
    if unknown:
        parser.error(f"no bench {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    print(machine())
    figures, broken = measured(given.names or list(BENCHES))
    print(table(figures))
    return 1 if broken else 0


def measured(names: list[str]) -> tuple[list[Figure], list[str]]:
    """The figures of these benches, and the names of those that broke."""
    figures: list[Figure] = []
    broken: list[str] = []
    with Place() as place:
        for name in names:
            begin = time.perf_counter()
            try:
                figures += BENCHES[name](place)
            except Exception:  # noqa: BLE001 - one bench that breaks is told, and the others go on
                traceback.print_exc()
                broken.append(name)
            print(f"{name}: {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    return figures, broken


if __name__ == "__main__":
    sys.exit(main())
