"""Print the budgets beside what is measured now: ``python -m tests.bench [NAME …]``.

Nothing here fails on a clock. Compare figures of one run only: the machine is named at the top.
"""

import asyncio
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path

from console.lab.run import start_lab
from tests.bench.many import run_many
from tests.bench.meter import Meter, Steady, matches, percentile
from tests.pty.programs import SAMPLE, environment
from tests.servers.web import black_hole

QUARTERDECK = (str(Path(sys.executable).parent / "quarterdeck"),)
TEN = (
    "catalog-ready", "orders-1-ready", "payments-ready", "database", "jobs", "webhooks", "catalog-cache",
    "shop-db", "catalog-log", "payments-log",
)  # fmt: skip
SETTLE, SECONDS = 8.0, 20.0


def main(wanted: list[str]) -> int:
    """Run the benches that are named, or all."""
    unknown = set(wanted) - set(BENCHES)
    if unknown:
        print(f"no bench {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 64
    cores = len(os.sched_getaffinity(0))
    machine = f"{platform.machine()}, {cores} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{machine}, Python {platform.python_version()}, Textual {version('textual')}")
    for name in wanted or BENCHES:
        print(f"\n{name}")
        BENCHES[name]()
    return 0


def tell(what: str, ours: str, budget: str = "", beside: str = "") -> None:
    print(f"  {what:<46} {ours:<22} {budget:<16} {beside}", flush=True)


@contextmanager
def home() -> Iterator[tuple[Path, dict[str, str]]]:
    with tempfile.TemporaryDirectory() as folder:
        env = {"HOME": folder, "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm-256color"}
        yield Path(folder), env | {"COLORTERM": "truecolor"}


def ten_of(config: Path, every: str, target: Path) -> Path:
    """The lab's configuration with ten of its collectors, at another interval."""
    kept, keep = [], True
    for line in config.read_text().splitlines():
        head = re.match(r"\[collectors\.([\w-]+)", line)
        if line.startswith("["):
            keep = head is None or head[1] in TEN
        if keep:
            kept.append(re.sub(r'^every = ".*"', f'every = "{every}"', line))
    target.touch(0o600)
    target.write_text("\n".join(kept) + "\n")
    return target


def screen() -> None:
    """The fleet on ten collectors of the lab, beside a Textual app with one number that changes at 10 Hz."""
    with start_lab() as lab, home() as (folder, env):
        tell("", "ours", "budget", "beside")
        for every, limit in (("2s", "≤ 1.5 %"), ("1s", "≤ 3 %")):
            config = ten_of(lab.config_path, every, folder / f"{every}.toml")
            with Meter([*QUARTERDECK, "--config", str(config)], env) as meter:
                cost = meter.steady(SETTLE, SECONDS)
                first = meter.since_exec(matches("practices"), matches(r"● orders .*● \d"))
            _tell_cost(f"10 collectors at {every}", cost, limit)
            tell(
                "first paint; first data",
                " ; ".join(f"{one:.2f} s" if one else "–" for one in first),
                "≤ 0.5 ; 1.2 s",
            )
        with Meter(SAMPLE.command, environment(folder, SAMPLE)) as meter:
            cost = meter.steady(3.0, 10.0)
            (first_bare,) = meter.since_exec(matches(r"\w"))
        _tell_cost("Textual, one number at 10 Hz", cost, "")
        tell("its first paint", f"{first_bare:.2f} s" if first_bare else "–")


def _tell_cost(what: str, cost: Steady, limit: str) -> None:
    tell(f"{what}: CPU of a core", f"{cost.cpu:.1f} %", limit)
    tell(f"{what}: bytes to the terminal", f"{cost.rate:.0f} B/s", "≤ 1000 B/s" if limit else "")
    tell(f"{what}: resident memory", f"{cost.rss:.0f} MiB", "≤ 90 MiB" if limit else "")


def hung() -> None:
    """Keys while every source hangs, and the way out."""
    with ExitStack() as stack:
        _folder, env = stack.enter_context(home())
        ports = [stack.enter_context(black_hole()) for _ in range(3)]
        urls = [
            f"redis://127.0.0.1:{ports[0]}",
            f"postgres://x@127.0.0.1:{ports[1]}/x",
            f"http://127.0.0.1:{ports[2]}/readyz",
        ]
        meter = stack.enter_context(Meter([*QUARTERDECK, *urls], env))
        meter.wait_for("practices", 20)
        time.sleep(4)
        asked = []
        for index in range(30):
            key, words = (("2", "queues"), ("f", "needs you"))[index % 2]
            asked.append(meter.press(key, matches(rf"› {words}" if key == "2" else rf"{words}")))
            time.sleep(0.3)
        delays = [delay for delay in meter.delays(asked) if delay is not None]
        p50, p99 = (f"{1000 * percentile(delays, share):.0f} ms" for share in (0.5, 0.99))
        tell("key to screen, every source hung: p50 ; p99", f"{p50} ; {p99}", "≤ 100 ms")
        began = time.perf_counter()
        meter.send("q")
        meter.process.wait(10)
        tell("q to prompt", f"{time.perf_counter() - began:.2f} s", "≤ 1 s")


def check() -> None:
    """``quarterdeck check`` beside the imports of the drivers that it used."""
    drivers = (
        "import click, pydantic, msgspec, httpx, redis.asyncio, asyncpg, ssl; ssl.create_default_context()"
    )
    with start_lab() as lab, home() as (_folder, env):
        ours, bare = [], []
        for _ in range(5):
            ours.append(_cpu([*QUARTERDECK, "--config", str(lab.config_path), "check"], env))
            bare.append(_cpu([sys.executable, "-c", drivers], env))
    ours_mid, bare_mid = percentile(ours, 0.5), percentile(bare, 0.5)
    tell("check, 22 sources: CPU", f"{ours_mid:.2f} s", "", f"drivers alone {bare_mid:.2f} s")
    tell("its own part", f"{ours_mid - bare_mid:.2f} s", "≤ 0.15 s")


def _cpu(command: list[str], env: dict[str, str]) -> float:
    before = os.times()
    subprocess.run(command, env=env, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def sources() -> None:
    """200 sources at 1 s in one core: how late they start, and what that costs."""
    late, cpu = asyncio.run(run_many(200, 10.0))
    tell("200 sources at 1 s: start delay p99", f"{1000 * percentile(late, 0.99):.0f} ms", "≤ 200 ms")
    tell("200 sources at 1 s: CPU of a core", f"{cpu:.0f} %", "≤ 60 %")


def script(name: str) -> Callable[[], None]:
    def run() -> None:
        subprocess.run([sys.executable, str(Path(__file__).with_name(name))], check=False)

    return run


BENCHES: dict[str, Callable[[], None]] = {
    "screen": screen,
    "hung": hung,
    "check": check,
    "sources": sources,
    "table": script("bench_table.py"),
    "logs": script("bench_logs.py"),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
