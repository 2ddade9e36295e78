"""Who did what, with before and after."""
