"""Snapshot → Cells and words: pure, used by screens and command line alike."""
