"""Log formats: a line → time, severity, message and fields; no line is ever dropped."""
