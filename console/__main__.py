"""Entry point: makes sure that our packages are ours, then runs the command line."""

import gc
import sys
from pathlib import Path


def strangers() -> list[str]:
    """Which of our three package names another distribution has taken in this environment."""
    import collectors  # noqa: PLC0415 - looked at before anything else is loaded
    import widgets  # noqa: PLC0415 - the same

    home = Path(__file__).resolve().parent.parent
    found = []
    for package in (collectors, widgets):
        file = package.__file__
        if file is None or Path(file).resolve().parent.parent != home:
            found.append(f"{package.__name__} comes from {file or 'a namespace package'}")
    return found


def main() -> int:
    """Run the command line and give its exit status."""
    # Loading leaves nothing to collect, and looking for it takes a tenth of a start; the core resumes it.
    gc.disable()
    foreign = strangers()
    if foreign:
        sys.stderr.write(
            f"quarterdeck: {'; '.join(foreign)}, not from {Path(__file__).resolve().parent.parent}.\n"
            "Install quarterdeck by itself: pipx install quarterdeck, or uv tool install quarterdeck.\n"
        )
        return 70
    from console.cli import run  # noqa: PLC0415 - only once the packages are known to be ours

    code = run(sys.argv[1:])
    # The end of the process frees everything: Python need not look for garbage once more.
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(main())
