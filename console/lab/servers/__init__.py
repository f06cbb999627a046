"""Real servers from wheels, started in private folders: for the lab and for the test suite."""
