"""Ways to other machines: the user's own ssh, kubectl and docker, one master or context for each server."""
