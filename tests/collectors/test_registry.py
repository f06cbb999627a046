"""Types: named without import, loaded alone, and plug-ins that are broken in every way."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors import registry
from collectors.model.practice import Practice
from collectors.registry import PluginError
from collectors.testing import check_collector
from tests.collectors.plugins.building import HERE, build, install

PLUGINS = ("acme-pulse", "broken-import", "wrong-things", "twin-one", "twin-two")
MODULES = ("acme_pulse", "broken_import", "broken_exit", "wrong_things", "twin_one", "twin_two")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    wheels = tmp_path_factory.mktemp("wheels")
    return install([build(HERE / name, wheels) for name in PLUGINS], tmp_path_factory.mktemp("site"))


@pytest.fixture
def plugins(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(site)
    registry.types.cache_clear()
    importlib.invalidate_caches()
    yield
    registry.types.cache_clear()
    for name in MODULES:
        sys.modules.pop(name, None)


def refusal(name: str) -> PluginError:
    with pytest.raises(PluginError) as caught:
        registry.load(name)
    return caught.value


# ours


def test_types_are_paths_and_private_modules_are_none() -> None:
    found = registry.types()
    assert {"health.http", "health.tcp", "queues.rq", "caches.redis"} <= found.keys()
    assert all(name.count(".") == 1 and "_" not in name.partition(".")[2][0] for name in found)
    assert {name.partition(".")[0] for name in found} <= {practice.value for practice in Practice}
    assert not found["health.http"].foreign


def test_every_type_of_ours_loads_and_reads_its_practice() -> None:
    for name, info in registry.types().items():
        if not info.foreign:
            assert registry.load(name).practice == name.partition(".")[0]


def test_names_are_told_without_importing_any(site: Path) -> None:
    code = (
        "import sys; from collectors import registry; found = registry.types(); "
        "assert 'health.pulse' in found and 'caches.redis' in found, found; "
        "late = {'httpx', 'redis', 'asyncpg', 'textual', 'acme_pulse'} & set(sys.modules); "
        "assert not late, late; registry.load('health.tcp'); "
        "late = {'redis', 'asyncpg', 'collectors.caches.redis'} & set(sys.modules); assert not late, late"
    )
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": f"{site}:{root}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_name_that_is_nearly_right_is_told() -> None:
    assert registry.nearest("cache.redis") == "caches.redis"
    assert registry.nearest("health.htpp") == "health.http"
    assert registry.nearest("zzz") == ""
    error = refusal("queue.rq")
    assert "no collector type 'queue.rq'" in error.why
    assert error.hint == "did you mean 'queues.rq'?"
    assert refusal("zzz").hint == ""


# others'


async def test_a_plug_in_from_a_wheel_works(plugins: None) -> None:
    info = registry.types()["health.pulse"]
    assert (info.foreign, info.distribution) == (True, "acme-pulse 1.4.0")
    cls = registry.load("health.pulse")
    [reading, _] = [
        sweep.readings[0] for sweep in await check_collector(cls, {"word": "fine"}, type_name="health.pulse")
    ]
    assert reading.word == "fine"


@pytest.mark.parametrize(
    ("name", "why", "hint"),
    [
        (
            "queues.broken",
            "queues.broken (from broken-import 0.2.0) failed to load: ZeroDivisionError",
            "author",
        ),
        (
            "queues.exiting",
            "queues.exiting (from broken-import 0.2.0) failed to load: SystemExit: 3",
            "author",
        ),
        ("caches.gone", "(from wrong-things 3.0.0) failed to load: AttributeError", "author"),
        ("caches.function", "(from wrong-things 3.0.0) is not a Collector", "author"),
        ("caches.future", "was written for collector interface 7, this is 1", "release"),
        ("caches.silent", "states no collector interface", "`api = 1`"),
        ("caches.aimless", "names no practice", "author"),
        ("caches.elsewhere", "reads health: its name must begin with health.", "author"),
        ("caches.half", "lacks `collect`", "author"),
        ("nowhere", "reads health", "author"),
        ("pools.twin", "pools.twin is brought by twin-one 1.0.0 and twin-two 2.0.0", "uninstall one"),
        ("health.http", "health.http is brought by quarterdeck and twin-one 1.0.0", "uninstall one"),
    ],
)
def test_a_plug_in_that_is_wrong_is_an_error_that_names_it(
    plugins: None, name: str, why: str, hint: str
) -> None:
    error = refusal(name)
    assert why in error.why
    assert hint in error.hint


def test_what_a_plug_in_says_while_it_fails_is_text_from_outside(plugins: None) -> None:
    error = refusal("queues.broken")
    assert "hunter2" not in error.why
    assert "\x1b" not in error.why
    assert error.why.isprintable()


def test_one_broken_plug_in_hides_no_other_type(plugins: None) -> None:
    refusal("queues.broken")
    assert registry.load("caches.redis").practice is Practice.CACHES
    assert registry.load("health.pulse").practice is Practice.HEALTH
    assert registry.nearest("health.puls") == "health.pulse"
