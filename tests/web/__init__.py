"""The web part over HTTP."""
