"""Rules as data, applied to what was just stored."""
