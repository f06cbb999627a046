"""Cache adapters: hit ratio, memory, evictions."""
