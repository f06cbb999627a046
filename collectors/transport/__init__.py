"""How sources are reached: an Endpoint becomes a Dial, and readers see only Dials."""
