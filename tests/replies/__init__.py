"""Delivery of replies: once, or uncertain."""
