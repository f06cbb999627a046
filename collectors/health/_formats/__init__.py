"""One small parser for each format of health answers; `read.parse` picks."""
