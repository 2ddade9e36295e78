"""The colours of projects: a fixed palette in which words read at 4.5:1 in both themes."""

from enum import StrEnum


class Colour(StrEnum):
    """In the order of the stylesheet's tints."""

    BLUE = "blue"
    TEAL = "teal"
    VIOLET = "violet"
    GREEN = "green"
    SKY = "sky"
    RED = "red"
    AMBER = "amber"
    GREY = "grey"

    @property
    def tint(self) -> str:
        """The class that shows it."""
        return f"tint-{list(Colour).index(self)}"


def colour_of(workspace_id: int, chosen: Colour | None) -> Colour:
    """The chosen one, else one by the project's number: neighbours differ, and grey is nobody's by itself."""
    return chosen or list(Colour)[workspace_id * 5 % (len(Colour) - 1)]
