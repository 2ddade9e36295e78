"""How somebody of a team is chosen."""

from enum import StrEnum


class Choosing(StrEnum):
    """sticky: the person who answered this contact last, else whose turn it is · nobody: it waits in the team."""

    ROUND_ROBIN = "round_robin"
    LEAST_LOADED = "least_loaded"
    STICKY = "sticky"
    NOBODY = "nobody"
