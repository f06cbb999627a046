"""What a log line tells: its facts, and the profile of whoever wrote it; no collector lives here."""
