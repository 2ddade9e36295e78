"""Chaos: real processes, real servers, kills and faults; then every promise is checked against the rows."""
