"""The inbox: system of record, panel and JSON API."""
