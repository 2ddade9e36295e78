"""Answers: composing, delivery, settling."""
