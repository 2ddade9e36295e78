"""Text to tags: normalise, embed, classify."""
