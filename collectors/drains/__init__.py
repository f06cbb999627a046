"""Drain adapters: what is shutting down, what is in flight, how it ends."""
