"""Imports routing's models, so that the metadata is whole for migrations and tests."""

from routing.alerts import models as alerts
from routing.autoreplies import models as autoreplies
from routing.leads import models as leads
from routing.rules import models as rules
from routing.webhooks import models as webhooks

__all__ = ["alerts", "autoreplies", "leads", "rules", "webhooks"]
