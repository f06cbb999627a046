from pathlib import Path
from typing import Any

import pytest

from console.settings import SettingsError, Source, load

MAIN = """\
include = ["services/*.toml"]

[console]
name = "shop"
enviroment = "production"

[services.orders]
instances = ["web-[1-2]"]
quorum = 3

[collectors.ready]
type = "health.htpp"
url = "https://x"

[collectors.jobs]
type = "queues.rq"
url = "${REDIS_URL}"

[collectors.db]
type = "health.sample"
url = "https://db"
count = "three"
server = "web-9"

[collectors.depth]
type = "queues.sample"
url = "https://q"
every = "0.2s"

[collectors.depth.thresholds]
oldest_agee = { warning = "1m" }
ready = { warning = 100, critical = 10 }

[servers.web-1]
host = "web-1"
"""

OTHER = """\
[collectors.catalog]
type = "health.sample"
modus = "fast"
url = "https://catalog"
"""


def test_ten_mistakes_are_ten_each_with_file_line_key_and_remedy(place: Any) -> None:
    main = str(place.write(MAIN))
    other = str(place.write(OTHER, "services/catalog.toml"))

    found = [(one.file, one.line, one.key) for one in place.problems()]

    assert found == [
        (main, 5, "console.enviroment"),
        (main, 9, "services.orders.quorum"),
        (main, 12, "collectors.ready.type"),
        (main, 17, "collectors.jobs.url"),
        (main, 22, "collectors.db.count"),
        (main, 23, "collectors.db.server"),
        (main, 28, "collectors.depth.every"),
        (main, 31, "collectors.depth.thresholds.oldest_agee"),
        (main, 32, "collectors.depth.thresholds.ready.warning"),
        (other, 3, "collectors.catalog.modus"),
    ]


def test_each_of_the_ten_says_what_to_do(place: Any) -> None:
    place.write(MAIN)
    place.write(OTHER, "services/catalog.toml")

    remedies = [str(one.remedy) for one in place.problems()]

    assert remedies == [
        "did you mean 'environment'?",
        "lower it, or list all instances",
        "did you mean 'health.http'?",
        "set it in the environment, or give a default: ${NAME:-default}",
        "write count = 10",
        "did you mean 'web-1'?",
        'write it like "5s"',
        "did you mean 'oldest_age'?",
        "swap the two",
        "did you mean 'mode'?",
    ]


def test_the_error_says_all_of_them_and_ends_with_78(place: Any) -> None:
    place.write(MAIN)
    place.write(OTHER, "services/catalog.toml")
    with pytest.raises(SettingsError) as caught:
        load(Source(folder=place.folder), place.environ)
    assert caught.value.exit_code == 78
    assert caught.value.why == "the configuration has 10 mistakes"
    assert str(caught.value).count("\n") == 10


def test_a_broken_file_still_lets_the_others_be_checked(place: Any) -> None:
    broken = str(place.write('[services.orders]\ninstances = [\n"web-1"\nquorum = 1\n', "services/a.toml"))
    other = str(place.write(OTHER, "services/b.toml"))
    place.write('include = ["services/*.toml"]\n[collectors.x]\ntype = "health.sample"\n')

    found = [(one.file, one.line, one.key) for one in place.problems()]

    assert found == [
        (str(place.folder / "quarterdeck.toml"), 2, "collectors.x.url"),
        (broken, 4, "quorum"),
        (other, 3, "collectors.catalog.modus"),
    ]


def test_a_broken_main_file_still_tells_of_its_includes(place: Any) -> None:
    other = str(place.write(OTHER, "services/b.toml"))
    main = str(place.write('include = ["services/*.toml"]\n\n[console]\nname = "a"\nname = "b"\n'))

    found = place.problems()

    assert [(one.file, one.key) for one in found] == [(main, "name"), (other, "collectors.catalog.modus")]
    assert "not valid TOML" in found[0].message
    assert found[0].line in (4, 5)
    assert found[0].remedy == "set it once"


def test_what_a_broken_file_may_have_declared_is_not_missed(place: Any) -> None:
    place.write("[servers.web-1\n", "services/a.toml")
    found = place.problem(
        'include = ["services/*.toml"]\n[collectors.x]\ntype = "health.sample"\n'
        'url = "http://x"\nserver = "web-1"\n'
    )
    assert Path(found.file).name == "a.toml"
