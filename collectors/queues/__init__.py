"""Queue adapters: how deep, how old, who works."""
