"""What the verbs of the command line do; each is loaded when it is used."""
