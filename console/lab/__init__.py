"""The demo: a small real shop on real embedded servers, and the incidents that happen to it."""
