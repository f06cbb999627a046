"""The life of a screen on somebody's terminal: opened with care, never blocked by it, always given back."""
