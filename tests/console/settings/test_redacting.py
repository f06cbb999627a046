"""``[redaction]``: further secrets, none at all, and what cannot work."""

from pathlib import Path
from typing import Any

import pytest

from collectors import redaction
from collectors.redaction import Redaction, redact
from console.cli import Wanted
from console.settings import Settings
from console.verbs.sourcing import settings_of


@pytest.fixture(autouse=True)
def as_it_was() -> Any:
    yield
    redaction.use(Redaction())


def loaded(folder: Path, text: str) -> Settings:
    file = folder / "quarterdeck.toml"
    file.write_text(text)
    file.chmod(0o600)
    return settings_of(Wanted(config=str(file)))


def test_without_the_section_secrets_are_replaced(place: Any) -> None:
    assert place.load("").redaction == Redaction()


def test_what_a_file_adds_holds_for_all_that_follows(tmp_path: Path) -> None:
    settings = loaded(tmp_path, '[redaction]\nnames = ["iban"]\npatterns = ["shop_[A-Za-z0-9]{16,64}"]')
    assert settings.redaction == Redaction(names=("iban",), patterns=("shop_[A-Za-z0-9]{16,64}",))
    assert "shop_" not in redact("key shop_0123456789abcdef")
    assert "DE89" not in redact("iban=DE89370400440532013000")


def test_off_is_said_and_shows_them(tmp_path: Path) -> None:
    assert loaded(tmp_path, "[redaction]\non = false").redaction.on is False
    assert redact("password=hunter2") == "password=hunter2"


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ('[redaction]\nnames = ["--"]', "redaction.names", "names no field"),
        ('[redaction]\npatterns = ["(a+)+"]', "redaction.patterns", ""),
        ("[redaction]\non = 1", "redaction.on", "true or false"),
        ("[redaction]\nname = []", "redaction.name", "unknown"),
    ],
)
def test_mistakes_have_their_place(place: Any, text: str, key: str, message: str) -> None:
    problem = place.problem(text)
    assert problem.key == key
    assert message in problem.message
