"""Takes a name that another takes too."""

raise AssertionError("a name that two bring is not loaded")
