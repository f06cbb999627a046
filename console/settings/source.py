"""Where the configuration is: --config, -e, $QUARTERDECK_CONFIG, ./quarterdeck.toml, the XDG folder."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from collectors.text import shown
from console.settings.problems import AmbiguousError, Problem, SettingsError, UsageError, did_you_mean

LOCAL = "quarterdeck.toml"
VARIABLE = "QUARTERDECK_CONFIG"


@dataclass(frozen=True, slots=True)
class Source:
    """What was asked for: ``--config PATH`` (a file or a folder), ``-e NAME``, and where we stand."""

    config: Path | None = None
    environment: str = ""
    folder: Path = Path()

    def find(self, environ: Mapping[str, str]) -> Path | None:
        """The file to read, None where there is no configuration at all.

        Raises AmbiguousError where a folder holds several and none is chosen, UsageError where the
        choice cannot be met, SettingsError where a file that was named does not exist.
        """
        named = self.config
        if named is None and environ.get(VARIABLE) and not self.environment:
            named = Path(environ[VARIABLE])
        if named is not None:
            return self._named(self.folder / named.expanduser())
        if self.environment:
            return self._in(self._environment_folder(environ))
        local = self.folder / LOCAL
        if local.is_file():
            return local
        folder = xdg_folder(environ)
        return self._in(folder) if folder.is_dir() else None

    def _environment_folder(self, environ: Mapping[str, str]) -> Path:
        variable = environ.get(VARIABLE)
        chosen = self.folder / Path(variable).expanduser() if variable else None
        return chosen if chosen is not None and chosen.is_dir() else xdg_folder(environ)

    def _named(self, path: Path) -> Path | None:
        if path.is_dir():
            return self._in(path)
        if self.environment:
            raise UsageError(f"{path} is one file, and -e picks one from a folder", "give only one of them")
        if not path.exists():
            raise SettingsError(
                [Problem(str(path), 0, "", shown("there is no such file"), shown("check the path"))]
            )
        return path

    def _in(self, folder: Path) -> Path | None:
        names = sorted(path.stem for path in folder.glob("*.toml") if path.is_file())
        if self.environment:
            if not re.fullmatch(r"\w[\w.-]*", self.environment):
                raise UsageError(
                    f"-e {self.environment!r} is not the name of a file", "give it without .toml"
                )
            if self.environment not in names:
                raise UsageError(
                    f"there is no {folder / self.environment}.toml", did_you_mean(self.environment, names)
                )
            return folder / f"{self.environment}.toml"
        if len(names) > 1:
            raise AmbiguousError(folder, names)
        return folder / f"{names[0]}.toml" if names else None


def xdg_folder(environ: Mapping[str, str]) -> Path:
    """Our folder among the user's configuration."""
    base = environ.get("XDG_CONFIG_HOME", "")
    if not base.startswith("/"):
        base = f"{environ.get('HOME') or Path.home()}/.config"
    return Path(base) / "quarterdeck"


def find(
    environ: Mapping[str, str],
    *,
    config: Path | None = None,
    environment: str = "",
    folder: Path = Path(),
) -> Path | None:
    """The file that these flags and variables name; see ``Source.find``."""
    return Source(config, environment, folder).find(environ)
