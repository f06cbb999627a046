"""The engine: schedule, breaker, interest, store, history, recording and judgement; no screen."""
