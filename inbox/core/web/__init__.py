"""What every page and API route shares: sessions, callers, refusals, paging, headers."""
