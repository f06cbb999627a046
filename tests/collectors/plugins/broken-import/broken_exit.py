"""A plug-in that wants to end the program."""

raise SystemExit(3)
