"""Health adapters: alive, ready, started."""
