"""The real screens on two scripted collectors: one never changes, the other reads STAGE_FOLDER/value."""

import os
import sys
from pathlib import Path
from typing import Any

from console.terminal.check import apply_environment

apply_environment(low_bandwidth=True)

from collectors import registry  # noqa: E402 - textual reads the environment at import
from collectors.base import Collector  # noqa: E402
from collectors.model.practice import Practice  # noqa: E402
from collectors.model.quantity import exact  # noqa: E402
from collectors.model.queues import QueueReading  # noqa: E402
from collectors.model.sweep import Sweep  # noqa: E402
from collectors.registry import TypeInfo  # noqa: E402
from console.actions.making import make_runner  # noqa: E402
from console.engine.core import Core  # noqa: E402
from console.logs.ring import Ring  # noqa: E402
from console.screens.app import Quarterdeck  # noqa: E402
from console.settings import CollectorSettings, Service, Settings  # noqa: E402

VALUE = Path(os.environ["SAMPLE_FOLDER"]) / "value"
SERVICES = [f"service-{number}" for number in range(20)]


class Staged(Collector[Any]):
    practice = Practice.QUEUES
    Options = dict

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
    sources = [source(f"s-{name}", name, 600.0) for name in SERVICES]
    settings = Settings(
        name="staged",
        environment="lab",
        protected=False,
        services={name: Service(name) for name in [*SERVICES, "moving"]},
        collectors=(*sources, source("changing", "moving", 1.0)),
    )
    ring = Ring()
    core = Core(settings, emit=ring.append)
    return Quarterdeck(core, ring, runner=make_runner(core, os.environ), spared=True).run_screen()


if __name__ == "__main__":
    sys.exit(main())
