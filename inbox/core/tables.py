"""Imports the inbox's models, so that the metadata is whole for migrations and tests."""

from inbox.agents import models as agents
from inbox.audit import models as audit
from inbox.calendars import models as calendars
from inbox.canned import models as canned
from inbox.channels import models as channels
from inbox.contacts import models as contacts
from inbox.conversations import models as conversations
from inbox.core import models as core
from inbox.learning import models as learning
from inbox.organisations import models as organisations
from inbox.reports import models as reports
from inbox.sla import models as sla

__all__ = [
    "agents",
    "audit",
    "calendars",
    "canned",
    "channels",
    "contacts",
    "conversations",
    "core",
    "learning",
    "organisations",
    "reports",
    "sla",
]
