"""Takes a name that another takes too, and one of ours."""

raise AssertionError("a name that two bring is not loaded")
