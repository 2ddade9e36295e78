"""How each project wants its texts tagged: its own threshold, and the model that its people taught."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.tags import OwnModel
from inbox.learning.models import LearnedModel
from inbox.organisations.models import Workspace


@dataclass(frozen=True, slots=True)
class Manner:
    """Tags under `unsure_below` go to a person; `own` is None where the shipped classifier speaks alone."""

    unsure_below: float = 0.0
    own: OwnModel | None = None


class Manners:
    """Manners by workspace, read anew for every batch; a model's weights are read when it is a new one."""

    def __init__(self) -> None:
        self._own: dict[int, tuple[int, OwnModel]] = {}

    async def load(self, session: AsyncSession, workspace_ids: Collection[int]) -> Mapping[int, Manner]:
        """The manners of these workspaces."""
        rows = await session.execute(
            select(Workspace.id, Workspace.unsure_below, LearnedModel.id)
            .outerjoin(LearnedModel, (LearnedModel.workspace_id == Workspace.id) & LearnedModel.is_live)
            .where(Workspace.id.in_(workspace_ids))
        )
        return {
            workspace_id: Manner(unsure_below, await self._find(session, workspace_id, model_id))
            for workspace_id, unsure_below, model_id in rows.all()
        }

    async def _find(self, session: AsyncSession, workspace_id: int, model_id: int | None) -> OwnModel | None:
        if model_id is None:
            self._own.pop(workspace_id, None)
            return None
        kept = self._own.get(workspace_id)
        if kept is not None and kept[0] == model_id:
            return kept[1]
        version, content = (
            await session.execute(select(LearnedModel.version, LearnedModel.content).where(LearnedModel.id == model_id))
        ).one()
        own = OwnModel(version, content or b"")
        self._own[workspace_id] = model_id, own
        return own
