"""How facts look: Textual widgets without I/O, configuration or engine."""
