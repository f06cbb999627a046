"""Where facts come from: adapters, transports and the model; no terminal code."""
