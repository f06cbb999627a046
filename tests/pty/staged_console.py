"""The real screens on two scripted collectors: one never changes, the other reads SAMPLE_FOLDER/value.

Their one action writes a line into SAMPLE_FOLDER/done ten times a second, for a minute. The environment is
STAGE_ENVIRONMENT, which is protected where it is not lab.
"""

import os
import sys
from pathlib import Path
from typing import Any

from console.terminal.check import apply_environment

apply_environment(low_bandwidth=True)

from collectors import registry  # noqa: E402 - textual reads the environment at import
from collectors.action import Action, ActionSpec, Control, Outcome, Plan, Request, Result, Risk  # noqa: E402
from collectors.base import Collector  # noqa: E402
from collectors.model.practice import Practice  # noqa: E402
from collectors.model.quantity import exact  # noqa: E402
from collectors.model.queues import QueueReading  # noqa: E402
from collectors.model.sweep import Sweep  # noqa: E402
from collectors.registry import TypeInfo  # noqa: E402
from collectors.text import Shown  # noqa: E402
from console.actions import runner  # noqa: E402
from console.actions.making import make_runner  # noqa: E402
from console.engine.core import Core  # noqa: E402
from console.logs.ring import Ring  # noqa: E402
from console.screens.app import Quarterdeck  # noqa: E402
from console.settings import CollectorSettings, Service, Settings  # noqa: E402

ENVIRONMENT = os.environ.get("STAGE_ENVIRONMENT", "lab")
DONE = Path(os.environ["SAMPLE_FOLDER"]) / "done"
VALUE = Path(os.environ["SAMPLE_FOLDER"]) / "value"
SERVICES = [f"service-{number}" for number in range(20)]


class NoHands:
    """Hands that touch nothing: the action itself writes its file."""

    server = "here"

    async def why_not(self, needs: object) -> str:
        return ""

    async def hold(self, name: str, who: str, seconds: float) -> str:
        return ""

    async def let_go(self, name: str, who: str) -> None:
        pass

    async def close(self) -> None:
        pass


class Count(Action[Any, Any]):
    spec = ActionSpec("queues.count", "count for a minute", Risk.DISRUPTIVE)
    kind = "redis"

    async def plan(self, request: Request) -> Plan:
        target = Shown("jobs")
        return Plan(
            spec=self.spec, request=request, target=target, service="", server="here", count=exact(600)
        )

    async def run(self, plan: Plan, hands: Any, control: Control) -> Outcome:
        for done in range(600):
            await control.step()
            with DONE.open("a") as file:
                file.write(f"{done}\n")
            control.report(done + 1)
            await control.pause(0.1)
        return Outcome(result=Result.DONE, count=600, words=Shown("counted"))


async def no_hands(_kind: str, _collector: object) -> NoHands:
    return NoHands()


class Staged(Collector[Any]):
    practice = Practice.QUEUES
    Options = dict
    actions = (Count,)

    async def collect(self) -> Sweep:
        value = float(VALUE.read_text()) if self.context.collector == "changing" else 3.0
        subject = self.context.subject(Practice.QUEUES, b"jobs")
        return self.sweep([QueueReading(subject=subject, ready=exact(value), workers=exact(2.0))])


def source(name: str, service: str, every: float) -> CollectorSettings:
    return CollectorSettings(
        name=name,
        type="queues.staged",
        practice=Practice.QUEUES,
        options={},
        service=service,
        every=every,
        timeout=1.0,
    )


def main() -> int:
    registry.types = lambda: {"queues.staged": TypeInfo("queues.staged", "")}  # type: ignore[assignment]  # a stand-in
    registry.load = lambda name: Staged
    runner.open_hands = no_hands  # type: ignore[attr-defined,assignment]  # a stand-in
    sources = [source(f"s-{name}", name, 600.0) for name in SERVICES]
    settings = Settings(
        name="staged",
        environment=ENVIRONMENT,
        protected=ENVIRONMENT != "lab",
        services={name: Service(name) for name in [*SERVICES, "moving"]},
        collectors=(*sources, source("changing", "moving", 1.0)),
    )
    ring = Ring()
    core = Core(settings, emit=ring.append)
    return Quarterdeck(core, ring, runner=make_runner(core, os.environ), spared=True).run_screen()


if __name__ == "__main__":
    sys.exit(main())
