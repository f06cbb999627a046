"""The screens: fleet, the ten practices, the console about itself; app.py is wiring only."""
