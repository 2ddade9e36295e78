"""The ready rules of a new workspace, on by default, with the teams that they name."""

from collections.abc import Sequence

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from inbox.conversations.models import Priority
from inbox.conversations.tags import Intent
from inbox.core.context import Context
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import FurnishProject
from inbox.organisations.models import Team, Workspace
from routing.assignment.choosing import Choosing
from routing.rules.actions import ACTIONS, Action, Assign, HandToTeam, Hold, MakeLead, SetPriority
from routing.rules.conditions import CONDITIONS, Condition, HoursAre, IntentIs, NeedsAnswerIs, ToxicIs, UnsureIs
from routing.rules.models import Rule

_SPAM = "Спам → подозрительные"
"""Marks and lets the others go on: what looks like spam and is said to us still finds somebody."""

Ready = tuple[str, Sequence[Condition], Sequence[Action]]


async def furnish(context: Context, job: FurnishProject) -> None:
    """What a new project begins with; nothing where somebody has begun already, or where the job ran before."""
    async with context.transaction(EVERY_WORKSPACE) as session:
        workspace = await session.get(Workspace, job.workspace_id, with_for_update={"key_share": True})
        begun = or_(
            exists().where(Team.workspace_id == job.workspace_id), exists().where(Rule.workspace_id == job.workspace_id)
        )
        if workspace is not None and not await session.scalar(select(begun)):
            await make_ready_rules(session, workspace.id)


async def make_ready_rules(session: AsyncSession, workspace_id: int) -> None:
    """Teams and rules for the common cases; the first one that matches acts, but spam is only marked."""
    teams = [
        Team(workspace_id=workspace_id, name=name, purpose=purpose)
        for name, purpose in (("Продажи", "sales"), ("Поддержка", "support"), ("Модераторы", "moderators"))
    ]
    session.add_all(teams)
    await session.flush()
    sales, support, moderators = (team.id for team in teams)
    for position, (name, conditions, actions) in enumerate(_ready(sales, support, moderators)):
        session.add(
            Rule(
                workspace_id=workspace_id,
                name=name,
                position=position,
                stops=name != _SPAM,
                conditions=CONDITIONS.dump_python(list(conditions), mode="json"),
                actions=ACTIONS.dump_python(list(actions), mode="json"),
            )
        )
    await session.flush()


def _ready(sales: int, support: int, moderators: int) -> list[Ready]:
    asks = NeedsAnswerIs()
    complains = IntentIs(any_of=[Intent.COMPLAINT])
    at_night = HoursAre(value="closed")
    to_moderators = HandToTeam(team_id=moderators)
    return [
        (_SPAM, [IntentIs(any_of=[Intent.SPAM])], [Hold()]),
        (
            "Оскорбления → Модераторы",
            [ToxicIs(sure=True)],
            [Hold(), SetPriority(value=Priority.HIGH), to_moderators],
        ),
        (
            "Жалоба ночью → дежурный",
            [complains, asks, at_night],
            [
                SetPriority(value=Priority.URGENT),
                HandToTeam(team_id=support, choose=Choosing.NOBODY),
                Assign(to="on_shift"),
            ],
        ),
        ("Жалобы → Поддержка", [complains, asks], [SetPriority(value=Priority.HIGH), HandToTeam(team_id=support)]),
        ("Лиды → Продажи", [IntentIs(any_of=[Intent.LEAD]), asks], [HandToTeam(team_id=sales), MakeLead()]),
        ("Сотрудничество → владелец", [IntentIs(any_of=[Intent.PARTNERSHIP]), asks], [Assign(to="owner")]),
        (
            "Похвала → Модераторы",
            [IntentIs(any_of=[Intent.PRAISE]), asks],
            [SetPriority(value=Priority.LOW), to_moderators],
        ),
        ("Метка под вопросом → Модераторы", [UnsureIs(), asks], [to_moderators]),
        ("Остальное → Модераторы", [asks], [to_moderators]),
    ]
