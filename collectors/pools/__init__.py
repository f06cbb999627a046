"""Pool adapters: how full, who waits, who holds."""
