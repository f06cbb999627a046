"""No action of any adapter is done where it may not be: all of them are asked of the registry."""

from pathlib import Path

import pytest

from collectors import registry
from collectors.action import Action, Risk
from collectors.clock import SystemClock
from collectors.model.practice import Practice
from console.actions import guard
from console.actions.arming import Arming
from console.lab.run import Lab
from console.settings import Settings
from tests.project.program import quarterdeck

OURS = sorted(name for name, info in registry.types().items() if not info.foreign)
ACTIONS = [(name, kind) for name in OURS for kind in registry.load(name).actions]


@pytest.mark.parametrize(
    ("adapter", "kind"), ACTIONS, ids=[f"{name}-{kind.spec.id}" for name, kind in ACTIONS]
)
def test_it_is_described_and_refused_where_nothing_may_be_done(
    adapter: str, kind: type[Action[object, object]]
) -> None:
    spec = kind.spec
    practice, _, verb = spec.id.partition(".")
    assert practice in list(Practice)
    assert adapter.startswith(practice)
    assert verb.isidentifier()
    assert spec.words.endswith(".") or spec.words[0].islower()
    assert spec.risk in list(Risk)
    assert 0 < spec.deadline <= 6 * 3600
    assert len({one.name for one in spec.arguments}) == len(spec.arguments)
    if spec.undoable:
        assert kind.undo is not Action.undo
    clock = SystemClock()
    for arming in (
        Arming(clock, protected=True),
        Arming(clock, protected=False, read_only=True),
        Arming(clock, protected=True, read_only=True),
    ):
        assert list(guard.standing(spec, "orders", Settings(), arming))
    assert not list(guard.standing(spec, "orders", Settings(), Arming(clock, protected=False)))


def test_there_are_actions_for_every_practice_that_acts() -> None:
    ids = {kind.spec.id for _name, kind in ACTIONS}
    assert {
        "queues.retry",
        "queues.purge",
        "queues.delete",
        "queues.pause",
        "queues.resume",
        "caches.invalidate",
        "pools.cancel",
        "pools.terminate",
    } <= ids


@pytest.mark.parametrize("forbidden", ["protected", "read-only"])
def test_the_command_line_refuses_each_in_the_whole_shop(lab: Lab, tmp_path: Path, forbidden: str) -> None:
    text = lab.config_path.read_text()
    was = 'environment = "lab"\n'
    assert was in text
    now = 'environment = "production"\n' if forbidden == "protected" else was + "read_only = true\n"
    config = tmp_path / "shop.toml"
    config.write_text(text.replace(was, now).replace(str(lab.folder / "journal"), str(tmp_path / "journal")))
    config.chmod(0o600)
    told = quarterdeck("act", "--list", "--json", "--config", config, home=tmp_path).json
    listed = {action["action"]: action for action in told["actions"]}
    assert {kind.spec.id for name, kind in ACTIONS if name in text} <= set(listed)
    words = "not armed" if forbidden == "protected" else "read-only"
    for name, action in listed.items():
        assert action["targets"]
        for target in action["targets"]:
            assert any(words in why for why in target["refusals"]), (name, target)
        target = action["targets"][0]["target"]
        phrase = f"{'production' if forbidden == 'protected' else 'lab'}/{target.rpartition('/')[2]}"
        wanted = [one["name"] for one in action["arguments"] if one["required"]]
        given = [word for one in wanted for word in ("--with", f"{one}=x")]
        done = quarterdeck(
            "act", name, target, "--yes", phrase, "--max", "9", *given, "--config", config, home=tmp_path
        )
        assert done.code == 77, (name, done.all)
    assert not (tmp_path / "journal.jsonl").exists()
