"""Imports routing's models, so that the metadata is whole for migrations and tests."""

from routing.alerts import models as alerts
from routing.autoreplies import models as autoreplies
from routing.rules import models as rules

__all__ = ["alerts", "autoreplies", "rules"]
