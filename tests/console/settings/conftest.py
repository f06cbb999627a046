"""A folder for configuration files, and sample types beside the real ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest

from collectors import registry
from collectors.base import Collector
from collectors.errors import OptionsError
from collectors.model.practice import Practice
from collectors.model.sweep import Sweep
from collectors.options import Duration, SecretText, Size, Url
from collectors.registry import PluginError, TypeInfo
from console.settings import Problem, Settings, SettingsError, Source, load


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    name: str
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleOptions:
    url: Url
    token: SecretText | None = None
    mode: Literal["fast", "careful"] = "careful"
    count: int = 3
    share: float = 0.5
    window: Duration = 10.0
    room: Size = 1024
    names: tuple[str, ...] = ()
    inner: Inner | None = None
    headers: Mapping[str, SecretText] = field(default_factory=dict)
    ca_file: str = ""
    folder: Path | None = None
    low: int = 0
    high: int = 10

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise OptionsError("low is above high", "swap the two")


class Sample(Collector[SampleOptions]):
    practice: ClassVar[Practice] = Practice.HEALTH
    Options: ClassVar[type[SampleOptions]] = SampleOptions
    default_every: ClassVar[float] = 7.0
    default_timeout: ClassVar[float] = 3.0

    async def collect(self) -> Sweep:
        return self.sweep(())


class SampleQueue(Sample):
    practice: ClassVar[Practice] = Practice.QUEUES


class Unusable(Sample):
    Options: ClassVar[type[Any]] = int


@dataclass(frozen=True, slots=True, kw_only=True)
class MoodyOptions:
    url: Url

    def __post_init__(self) -> None:
        raise KeyError("mood")


class Moody(Sample):
    Options: ClassVar[type[Any]] = MoodyOptions


SAMPLES: dict[str, type[Collector[Any]]] = {
    "health.sample": Sample,
    "queues.sample": SampleQueue,
    "health.unusable": Unusable,
    "health.moody": Moody,
}


@pytest.fixture(autouse=True)
def samples(monkeypatch: pytest.MonkeyPatch) -> None:
    real_types, real_load = dict(registry.types()), registry.load
    names = {**real_types, **{name: TypeInfo(name) for name in [*SAMPLES, "caches.broken"]}}

    def load_sample(name: str) -> type[Collector[Any]]:
        if name == "caches.broken":
            raise PluginError("caches.broken (from acme 1.0) failed to load: AttributeError: x", "tell acme")
        return SAMPLES.get(name) or real_load(name)

    monkeypatch.setattr(registry, "types", lambda: names)
    monkeypatch.setattr(registry, "load", load_sample)


class Place:
    """One folder with configuration files; only the owner may touch them unless a mode says more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ: dict[str, str] = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}

    def write(self, text: str, name: str = "quarterdeck.toml", mode: int = 0o600) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def load(self, text: str | None = None, **more: Any) -> Settings:
        if text is not None:
            self.write(text)
        return load(Source(folder=self.folder), self.environ, **more)

    def problems(self, text: str | None = None, **more: Any) -> tuple[Problem, ...]:
        with pytest.raises(SettingsError) as caught:
            self.load(text, **more)
        return caught.value.problems

    def problem(self, text: str | None = None, **more: Any) -> Problem:
        found = self.problems(text, **more)
        assert len(found) == 1, [str(one) for one in found]
        assert found[0].remedy, found
        return found[0]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)
