"""The response-time promise: policies, clocks, the sweep."""
