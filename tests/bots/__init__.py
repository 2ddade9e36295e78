"""Leases and receivers."""
