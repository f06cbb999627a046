"""A plug-in that does not survive its own import, and not by ImportError."""

raise ZeroDivisionError("its password=hunter2 is\x1b[31m nobody's business")
