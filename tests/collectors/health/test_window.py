"""The m-of-n window: hysteresis as stated, for any order of outcomes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.health._parsed import Outcome
from collectors.health._window import ProbeWindow, WindowRule
from collectors.model.health import HealthState

LETTERS = {
    ".": Outcome.PASS,
    "x": Outcome.FAIL,
    "w": Outcome.WARN,
    "d": Outcome.DRAINING,
    "?": Outcome.UNKNOWN,
}
STATES = {"up": "U", "down": "D", "degraded": "W", "draining": "d", "unknown": "?"}


def _states(outcomes: str, rule: WindowRule = WindowRule(), recover: int = 2) -> str:  # noqa: B008 - frozen
    window = ProbeWindow(rule, recover)
    return "".join(STATES[window.add(LETTERS[letter])] for letter in outcomes)


@pytest.mark.parametrize(
    ("outcomes", "states"),
    [
        ("...", "UUU"),
        ("xxx", "DDD"),  # the first probe decides alone
        ("x.", "DD"),
        ("x..", "DDU"),
        (".x.x", "UUUD"),  # two of three, not two in a row
        (".x..x.", "UUUUUU"),
        (".xx.x..", "UUDDDDU"),
        ("w.w", "WUW"),  # a degradation shows at once
        (".dd.", "UddU"),  # so does a drain
        ("x.d", "DDd"),
        (".?.", "U?U"),  # and an answer that cannot tell
        ("x?.?..", "D?D?DU"),  # which is no pass on the way back
        ("wx", "WW"),
    ],
)
def test_the_rule(outcomes: str, states: str) -> None:
    assert _states(outcomes) == states


def test_other_rules() -> None:
    assert _states(".x", WindowRule(1, 1), 1) == "UD"
    assert _states(".xx.xx", WindowRule(3, 5), 1) == "UUUUDD"
    assert _states("x....", WindowRule(1, 2), 4) == "DDDDU"


@given(st.lists(st.sampled_from(list(Outcome)[:5])), st.integers(1, 6), st.integers(0, 5), st.integers(1, 6))
def test_the_share_and_the_state_agree_with_the_last_probes(
    outcomes: list[Outcome], failures: int, more: int, recover: int
) -> None:
    rule = WindowRule(failures, failures + more)
    window = ProbeWindow(rule, recover)
    states = [window.add(outcome) for outcome in outcomes]
    last = outcomes[-rule.probes :]
    assert (window.seen, window.failed) == (len(last), last.count(Outcome.FAIL))
    assert 0 <= window.failing <= 1
    if outcomes and states[-1] is HealthState.UP:
        assert outcomes.count(Outcome.FAIL) < len(outcomes)
    if window.failed >= rule.failures and outcomes[-1] is Outcome.FAIL:
        assert states[-1] is HealthState.DOWN
    if len(outcomes) >= recover and all(outcome is Outcome.PASS for outcome in outcomes[-recover:]):
        assert states[-1] is HealthState.UP
