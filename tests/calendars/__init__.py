"""Working-hours arithmetic."""
