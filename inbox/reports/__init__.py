"""Response times as figures: facts, rollups, the SLA page and its exports."""
