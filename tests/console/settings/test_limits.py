"""`[limits]`, `[journal]` and `min_ready`."""

import re
from typing import Any, ClassVar

import pytest

from collectors import registry
from collectors.action import Action, ActionSpec, Risk
from console.settings import JournalSettings, Limit, Limits, Service
from tests.console.settings.conftest import SampleQueue
from tests.project.program import ROOT


class Retry(Action[Any, Any]):
    spec: ClassVar[ActionSpec] = ActionSpec("queues.retry", "Retry dead jobs.", Risk.DISRUPTIVE, bulk=True)


class Acting(SampleQueue):
    actions: ClassVar[tuple[type[Action[Any, Any]], ...]] = (Retry,)


@pytest.fixture(autouse=True)
def acting(samples: None, monkeypatch: pytest.MonkeyPatch) -> None:
    before = registry.load
    monkeypatch.setattr(registry, "load", lambda name: Acting if name == "queues.sample" else before(name))


QUEUES = '[collectors.q]\ntype = "queues.sample"\nservice = "orders"\nurl = "http://q"\n'


def test_limits_of_all_and_of_single_actions(place: Any) -> None:
    limits = place.load(
        '[limits]\nmax_items = 500\nmax_rate = "300/min"\ndeny = ["orders.queues.*"]\n'
        '[limits."queues.retry"]\nmax_items = 20\n' + QUEUES
    ).limits
    assert limits == Limits(500, 5.0, ("orders.queues.*",), {"queues.retry": Limit(20)})
    assert limits.of("queues.retry") == Limit(20, 5.0)
    assert limits.of("queues.purge") == Limit(500, 5.0)
    assert place.load("").limits == Limits()


def test_a_rate_may_be_a_number(place: Any) -> None:
    assert place.load("[limits]\nmax_rate = 2").limits.max_rate == 2.0
    assert place.load("[limits]\nmax_rate = 0.5").limits.max_rate == 0.5


def test_an_action_needs_no_quotes(place: Any) -> None:
    quoted = place.load(QUEUES + '[limits."queues.retry"]\nmax_rate = 1\n').limits
    assert place.load(QUEUES + "[limits.queues.retry]\nmax_rate = 1\n").limits == quoted
    assert quoted.of("queues.retry") == Limit(None, 1.0)


def test_an_action_of_a_type_that_is_not_configured_is_known(place: Any) -> None:
    assert place.load('[limits."queues.retry"]\nmax_items = 2\n').limits.of("queues.retry") == Limit(2)


def test_an_action_of_the_file_itself_is_known(place: Any) -> None:
    action = '[actions.off]\nrisk = "safe"\ntarget = "*"\ncommand = ["true"]\n'
    text = '[limits."custom.off"]\nmax_items = 1\n'
    assert place.load(action + text).limits.actions == {"custom.off": Limit(1)}


@pytest.mark.parametrize(
    ("action", "service", "pattern"),
    [
        ("queues.retry", "billing", "billing.*"),
        ("queues.retry", "orders", ""),
        ("queues.purge", "orders", "*.purge"),
        ("caches.invalidate", "", "caches.*"),
        ("caches.invalidate", "orders", "caches.*"),
        ("queues.retry", "shop.eu", "shop.??.queues.retry"),
        ("queues.retry", "", ""),
        ("queues.retry", "billing2", ""),
        ("queues.retry", "Billing", ""),
    ],
)
def test_patterns_forbid_by_service_and_by_action(action: str, service: str, pattern: str) -> None:
    limits = Limits(deny=("billing.*", "*.purge", "caches.*", "shop.??.queues.retry"))
    assert limits.denied(action, service) == pattern


@pytest.mark.parametrize(
    ("text", "key", "message", "remedy"),
    [
        ("max_item = 5", "limits.max_item", "unknown key", "did you mean 'max_items'?"),
        ("max_items = 0", "limits.max_items", "must be from 1", "write max_items = 1 or more"),
        ("max_items = 1.5", "limits.max_items", "must be an integer", "write max_items = 1"),
        ("max_rate = 0", "limits.max_rate", "more than 0", 'write max_rate = "5/s"'),
        ('max_rate = "fast"', "limits.max_rate", "must be written like", 'write max_rate = "5/s"'),
        ("max_rate = inf", "limits.max_rate", "no number", "write a finite number"),
        ('deny = "billing.*"', "limits.deny", "must be a list", 'write deny = ["…"]'),
        ('deny = [""]', "limits.deny[0]", "must be a string", 'write deny = ["…"]'),
        ("[limits.max_items]", "limits.max_items", "must be an integer", "write max_items = 1"),
        (
            '[limits."queues.retyr"]\nmax_items = 1',
            'limits."queues.retyr"',
            "there is no action 'queues.retyr'",
            "did you mean 'queues.retry'?",
        ),
        (
            "[limits.queues.retyr]\nmax_items = 1",
            "limits.queues.retyr",
            "there is no action 'queues.retyr'",
            "did you mean 'queues.retry'?",
        ),
        (
            "[limits.queues]\nmax_items = 1",
            "limits.queues",
            "'queues' is no action",
            'write [limits."queues.VERB"]',
        ),
        (
            '[limits."queues.retry"]\nmax_itms = 1',
            'limits."queues.retry".max_itms',
            "unknown key",
            "did you mean 'max_items'?",
        ),
        (
            '[limits."queues.retry"]\ndeny = ["a"]',
            'limits."queues.retry".deny',
            "unknown key",
            "known are max_items, max_rate",
        ),
    ],
)
def test_limits_are_strict(place: Any, text: str, key: str, message: str, remedy: str) -> None:
    head = "" if text.startswith("[") else "[limits]\n"
    problem = place.problem(QUEUES + head + text)
    assert problem.key == key
    assert message in problem.message
    assert remedy in problem.remedy


def test_a_practice_with_a_type_that_cannot_be_loaded_may_offer_anything(place: Any) -> None:
    assert place.load('[limits."caches.melt"]\nmax_items = 1\n').limits.actions == {"caches.melt": Limit(1)}


def test_a_pattern_that_forbids_nothing_is_told(place: Any) -> None:
    settings = place.load(QUEUES + '[limits]\ndeny = ["oders.*", "orders.*", "queues.*", "*.retry"]\n')
    assert [warning.partition(": ")[2] for warning in settings.warnings] == [
        "limits.deny[0]: 'oders.*' forbids nothing: it fits no action of any service here"
    ]


def test_the_journal(place: Any) -> None:
    assert place.load("").journal == JournalSettings()
    assert place.load('[journal]\nmirror = "syslog"\n').journal == JournalSettings("", "syslog")
    settings = place.load(
        '[journal]\npath = "run/journal.jsonl"\nmirror_command = ["bin/tell", "-t", "qd"]\n'
    )
    assert settings.journal == JournalSettings(
        str(place.folder / "run/journal.jsonl"), "", (str(place.folder / "bin/tell"), "-t", "qd")
    )
    assert place.load('[journal]\nmirror_command = ["logger"]\n').journal.mirror_command == ("logger",)


@pytest.mark.parametrize(
    ("text", "key", "remedy"),
    [
        ('mirorr = "syslog"', "journal.mirorr", "did you mean 'mirror'?"),
        ('mirror = "kafka"', "journal.mirror", 'write mirror = "syslog"'),
        ("mirror_command = []", "journal.mirror_command", 'write mirror_command = ["logger"]'),
        ('mirror_command = "logger -t x"', "journal.mirror_command", 'write mirror_command = ["…"]'),
        ('mirror = "syslog"\nmirror_command = ["logger"]', "journal.mirror_command", "keep one of them"),
        ('mirror_command = ["curl", "${A_TOKEN}"]', "journal.mirror_command[1]", "a file of its own"),
        ("path = 5", "journal.path", 'write path = "…"'),
    ],
)
def test_the_journal_is_strict(place: Any, text: str, key: str, remedy: str) -> None:
    place.environ["A_TOKEN"] = "hunter2"
    problem = place.problem(f"[journal]\n{text}")
    assert problem.key == key
    assert remedy in problem.remedy
    assert "hunter2" not in str(problem)


def test_ready_peers(place: Any) -> None:
    text = '[services.a]\ninstances = ["w-[1-3]"]\nmin_ready = 2\n[services.b]\nmin_ready = 0\n'
    assert place.load(text).services == {
        "a": Service("a", (), ("w-1", "w-2", "w-3"), None, 2),
        "b": Service("b", min_ready=0),
    }


def test_ready_peers_that_would_forbid_every_drain_are_told(place: Any) -> None:
    problem = place.problem('[services.a]\ninstances = ["w-[1-3]"]\nmin_ready = 3\n')
    assert (problem.line, problem.key) == (3, "services.a.min_ready")
    assert problem.message == "with 3 of 3 ready at least, none can ever be drained"
    assert place.problem("[services.a]\nmin_ready = -1").key == "services.a.min_ready"
    assert place.problem("[services.a]\nmin_raedy = 1").remedy == "did you mean 'min_ready'?"


def test_every_mistake_is_told_at_once(place: Any) -> None:
    found = place.problems(
        "[limits]\nmax_items = -1\nmax_rate = -1\n[journal]\nmirror = 1\n[services.a]\nmin_ready = true\n"
    )
    assert [(one.line, one.key) for one in found] == [
        (2, "limits.max_items"),
        (3, "limits.max_rate"),
        (5, "journal.mirror"),
        (7, "services.a.min_ready"),
    ]


def test_the_examples_of_the_readme_load(place: Any) -> None:
    place.environ["FLAG_TOKEN"] = "hunter2"
    place.environ["REDIS_URL"] = "redis://localhost"
    text = (ROOT / "README.md").read_text().partition("### What actions may do")[2].partition("## Keys")[0]
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 4
    where = '[services.orders]\ninstances = ["web-[1-12]"]\n'
    settings = place.load("".join(blocks) + where + QUEUES)
    assert [*settings.servers][:3] == ["bastion", "web-1", "web-2"]
    assert {one.server for one in settings.collectors} >= {"web-1", "web-12"}
    assert settings.limits.of("queues.retry") == Limit(50, 5.0)
    assert settings.limits.denied("queues.purge", "orders") == "*.purge"
    assert settings.services["payments"].min_ready == 2
    assert list(settings.actions) == ["restart-worker", "flag-off"]
