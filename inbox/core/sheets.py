"""What files for spreadsheets have in common: their media type, and cells that are safe to open."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Cell = str | int | float | None


def harmless(cell: Cell) -> Cell:
    """What people wrote must not become a formula, and control characters are refused by XLSX; a phone number stays."""
    if not isinstance(cell, str):
        return cell
    shown = "".join(c for c in cell if c >= " " or c in "\n\t")
    is_phone = shown.startswith("+") and shown[1:].isdecimal()
    return f"'{shown}" if shown.startswith(_FORMULA) and not is_phone else shown
