"""Background jobs and token buckets."""
