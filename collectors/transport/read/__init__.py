"""Readers: transports that can look and cannot touch."""
