"""What tells projects at work from archived ones, for those who serve all of them: the sweep, receivers, alerts."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from inbox.organisations.models import Workspace


def at_work(workspace_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """The row's project is not archived."""
    return workspace_id.not_in(select(Workspace.id).where(Workspace.archived_at.is_not(None)))
