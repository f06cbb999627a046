"""Log adapters: streams and their records."""
