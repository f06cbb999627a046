"""The one road by which anything is done: plan, confirm, run, verify, journal, undo."""
