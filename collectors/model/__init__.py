"""Readings, quantities and verdicts: frozen, slotted, built once."""
