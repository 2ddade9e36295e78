"""A subscriber's right to their data: all that is kept is given out, or erased (152-FZ, articles 14 and 21; GDPR)."""
