"""The program: settings, engine, findings, presentation, command line and screens."""
