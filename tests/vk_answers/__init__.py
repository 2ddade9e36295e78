"""Answers in VK."""
