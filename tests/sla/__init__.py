"""Clocks and the sweep."""
