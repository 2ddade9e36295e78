"""The panel in a real browser, on a real demo."""
