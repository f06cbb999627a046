import os
from pathlib import Path
from typing import Any

import pytest

from console.settings import AmbiguousError, SettingsError, Source, UsageError, changed, find, load

LAB = '[console]\nenvironment = "lab"\n'


def xdg(place: Any, name: str, text: str = LAB) -> Path:
    path: Path = place.write(text, f".config/quarterdeck/{name}.toml")
    return path


def test_nothing_anywhere_is_an_empty_protected_configuration(place: Any) -> None:
    settings = place.load()
    assert settings.file is None
    assert settings.collectors == ()
    assert settings.protected


def test_order_of_the_places(place: Any) -> None:
    elsewhere = place.write(LAB, "elsewhere/given.toml")
    variable = place.write(LAB, "variable.toml")
    only = xdg(place, "only")
    environ = place.environ

    def found(**more: Any) -> Path | None:
        return find(environ, folder=place.folder, **more)

    assert found() == only
    local = place.write(LAB)
    assert found() == local
    environ["QUARTERDECK_CONFIG"] = str(variable)
    assert found() == variable
    assert found(environment="only") == only
    assert found(config=elsewhere) == elsewhere
    assert found(config=Path("elsewhere/given.toml")) == elsewhere


def test_xdg_config_home_is_honoured_and_a_relative_one_is_not(place: Any) -> None:
    other = place.write(LAB, "home/quarterdeck/a.toml")
    mine = xdg(place, "b")
    place.environ["XDG_CONFIG_HOME"] = str(place.folder / "home")
    assert find(place.environ, folder=place.folder) == other
    place.environ["XDG_CONFIG_HOME"] = "home"
    assert find(place.environ, folder=place.folder) == mine


def test_several_and_no_choice_lists_them_and_ends_with_64(place: Any) -> None:
    xdg(place, "production")
    xdg(place, "lab")
    with pytest.raises(AmbiguousError) as caught:
        place.load()
    assert caught.value.choices == ("lab", "production")
    assert caught.value.exit_code == 64
    assert "quarterdeck -e lab" in caught.value.hint


def test_e_picks_from_the_xdg_folder_or_from_a_folder_that_is_named(place: Any) -> None:
    production = xdg(place, "production")
    xdg(place, "lab")
    place.write(LAB)
    folder = place.folder / "fleet"
    other = place.write(LAB, "fleet/production.toml")
    assert find(place.environ, folder=place.folder, environment="production") == production
    assert find(place.environ, config=folder, environment="production") == other
    place.environ["QUARTERDECK_CONFIG"] = str(folder)
    assert find(place.environ, environment="production") == other


@pytest.mark.parametrize("name", ["prodution", "../production", "a/b", ".hidden", "-x"])
def test_an_unknown_environment_names_the_nearest(place: Any, name: str) -> None:
    xdg(place, "production")
    with pytest.raises(UsageError) as caught:
        find(place.environ, folder=place.folder, environment=name)
    assert caught.value.exit_code == 64
    if name == "prodution":
        assert "production" in caught.value.hint


def test_a_file_and_e_exclude_each_other(place: Any) -> None:
    path = place.write(LAB)
    with pytest.raises(UsageError, match="one file"):
        find(place.environ, config=path, environment="lab")


def test_a_named_file_that_is_missing_is_a_bad_configuration(place: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        load(Source(place.folder / "none.toml"), place.environ)
    assert caught.value.problems[0].message == "there is no such file"


@pytest.mark.parametrize(
    ("environment", "protected"),
    [
        ("lab", False),
        ("development", False),
        ("production", True),
        ("staging", True),
        ("", True),
        ("Lab", True),
        ("lab ", True),
        ("dev", True),
    ],
)
def test_only_lab_and_development_are_open(place: Any, environment: str, *, protected: bool) -> None:
    assert place.load(f'[console]\nenvironment = "{environment}"\n').protected is protected
    assert place.load("").protected


def test_e_with_another_name_than_the_open_environment_in_the_file_warns(place: Any) -> None:
    xdg(place, "production", LAB)
    settings = load(Source(environment="production", folder=place.folder), place.environ)
    assert not settings.protected
    assert "not protected" in settings.warnings[0]
    assert "console.environment" in settings.warnings[0]


@pytest.mark.parametrize(("mode", "who"), [(0o602, "others"), (0o620, "its group"), (0o666, "others")])
def test_a_file_that_others_may_write_is_refused(place: Any, mode: int, who: str) -> None:
    path = place.write(LAB, mode=mode)
    problem = place.problem()
    assert problem.file == str(path)
    assert problem.message == f"may be written by {who}, so it is not trusted"
    assert str(problem.remedy) == f"chmod go-w {path}"


def test_an_included_file_that_others_may_write_is_refused_as_well(place: Any) -> None:
    path = place.write("", "more.toml", mode=0o666)
    place.write('include = ["more.toml"]')
    assert place.problem().file == str(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_refused_unless_it_is_the_one_behind_sudo(place: Any) -> None:
    path = place.write(LAB)
    os.chown(path, 12345, -1)
    assert "belongs to user 12345" in place.problem().message
    place.environ["SUDO_UID"] = "12345"
    assert place.load().environment == "lab"


def test_what_is_no_file_is_refused_and_never_waited_for(place: Any) -> None:
    os.mkfifo(place.folder / "fifo.toml", 0o600)
    with pytest.raises(SettingsError) as caught:
        load(Source(place.folder / "fifo.toml"), place.environ)
    assert caught.value.problems[0].message == "is not a file"


def test_bytes_that_are_no_text_are_told_with_their_line(place: Any) -> None:
    place.write("").write_bytes(b"a = 1\n\xff\xfe\n")
    assert "is not UTF-8 (line 2)" in place.problem().message


def test_a_changed_file_is_seen_and_a_touched_one_is_not(place: Any) -> None:
    path = place.write(LAB)
    settings = place.load()
    assert not changed(settings)
    os.utime(path, (1, 1))
    assert not changed(settings)
    place.write(LAB + "# more\n")
    assert changed(settings)
    settings = place.load()
    path.unlink()
    assert changed(settings)


def test_a_replaced_file_with_the_same_time_and_size_is_seen(place: Any) -> None:
    path = place.write('[console]\nname = "a"\n')
    settings = place.load()
    status = path.stat()
    other = place.write('[console]\nname = "b"\n', "new.toml")
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)
    assert changed(settings)


def test_a_new_file_under_an_include_pattern_is_a_change(place: Any) -> None:
    place.write("", "services/a.toml")
    settings = place.load('include = ["services/*.toml"]')
    assert not changed(settings)
    place.write("", "services/b.toml")
    assert changed(settings)


def test_nothing_to_read_never_changes(place: Any) -> None:
    assert not changed(place.load())


def test_a_file_that_is_too_large_is_refused(place: Any) -> None:
    place.write("#" * (4 * 2**20 + 1))
    assert "is larger than 4 MiB" in place.problem().message
