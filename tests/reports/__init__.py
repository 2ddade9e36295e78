"""Figures of response times."""
