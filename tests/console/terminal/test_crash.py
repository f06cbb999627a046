"""What a fault of our own leaves behind."""

import stat
import tempfile
from pathlib import Path

import pytest

from console.terminal.crash import REPORTS_KEPT, message, report_text, state_folder, write_report


def failure() -> Exception:
    try:
        fail("local-" + "hunter2")
    except RuntimeError as error:
        return error
    raise AssertionError


def fail(secret: str) -> None:
    try:
        refuse()
    except ConnectionError as cause:
        raise RuntimeError("password=swordfish \x1b]52;c;QQ==\x07 at the end") from cause


def refuse() -> None:
    raise ConnectionError(f"postgres://admin:{'hunter2'}@db/shop")


def test_the_report_names_causes_and_places_and_no_secret() -> None:
    text = report_text(failure(), {"TERM": "xterm"})
    for wanted in ("RuntimeError", "ConnectionError", "failure", "TERM=xterm", "direct cause", "textual "):
        assert wanted in text
    for secret in ("hunter2@", "local-hunter2", "swordfish", "\x1b", "\x07"):
        assert secret not in text


def test_a_report_is_for_its_owner_only(tmp_path: Path) -> None:
    path = write_report(failure(), {"XDG_STATE_HOME": str(tmp_path / "state")})
    assert path is not None
    assert path.parent == tmp_path / "state" / "quarterdeck"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert "RuntimeError" in path.read_text()


def test_old_reports_make_room(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    other = tmp_path / "quarterdeck" / "journal.jsonl"
    other.parent.mkdir()
    other.touch()
    for _ in range(REPORTS_KEPT + 5):
        write_report(failure(), environ)
    assert len(list(other.parent.glob("crash-*.txt"))) == REPORTS_KEPT
    assert other.exists()


def test_without_a_home_it_goes_to_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    path = write_report(failure(), {"HOME": "/proc/nowhere"})
    assert path is not None
    assert path.parent == tmp_path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_place_at_all_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/proc/nowhere")
    assert write_report(failure(), {"HOME": "/proc/nowhere"}) is None
    assert "no folder could be written" in message(failure(), None)


def test_the_message_is_short_clean_and_points_on() -> None:
    said = message(failure(), Path("/state/crash-1.txt"))
    assert said.splitlines()[0].startswith("quarterdeck stopped by a fault of its own: RuntimeError: ")
    assert said.splitlines()[1] == "Report: /state/crash-1.txt"
    assert len(said) < 400
    assert "swordfish" not in said
    assert "\x1b" not in said


def test_reports_lie_in_the_state_folder() -> None:
    assert state_folder({"XDG_STATE_HOME": "/s"}) == Path("/s/quarterdeck")
    assert state_folder({"XDG_STATE_HOME": "relative", "HOME": "/h"}) == Path("/h/.local/state/quarterdeck")
