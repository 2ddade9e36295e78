"""A session sees and writes rows of its own workspaces only, whatever the statement forgets."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from sqlalchemy import delete, exists, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from inbox.channels.models import Channel
from inbox.contacts.models import Contact, Identity
from inbox.conversations.models import DeadEvent, Label
from inbox.core.bulk import table_of
from inbox.core.database import EVERY_WORKSPACE, Database, scope_of
from inbox.core.errors import SetupError
from inbox.organisations.models import Organisation
from tests.desk import Desk, add_workspace, open_desk
from tests.servers import TestServers

pytestmark = pytest.mark.outside


@dataclass(frozen=True, slots=True)
class Two:
    """Two clients with the same rows."""

    database: Database
    own: int
    foreign: int
    own_channel: int
    foreign_channel: int


@pytest.fixture
async def two(servers: TestServers) -> AsyncIterator[Two]:
    async with open_desk(servers) as desk:
        yield await _fill(desk)


async def _fill(desk: Desk) -> Two:
    async with desk.context.transaction(EVERY_WORKSPACE) as session:
        other = Organisation(name="other")
        session.add(other)
        await session.flush()
        foreign, channels = await add_workspace(session, other.id, 1)
        for workspace_id in (desk.workspace_id, foreign):
            session.add_all(
                [Label(workspace_id=workspace_id, name="vip"), Contact(workspace_id=workspace_id, name="А")]
            )
            session.add(DeadEvent(workspace_id=workspace_id, entry_id=f"{workspace_id}-0", raw="{}", via="t", error="e",
                                  received_at=desk.context.clock()))  # fmt: skip
    return Two(desk.context.database, desk.workspace_id, foreign, desk.channel_ids[0], channels[0])


async def test_no_way_of_reading_shows_another_clients_row(two: Two) -> None:
    again = aliased(Label)
    async with two.database.session(scope_of([two.own])) as session:
        assert list(await session.scalars(select(Label.workspace_id))) == [two.own]
        assert list(await session.scalars(select(again.workspace_id))) == [two.own]
        assert list(await session.scalars(select(DeadEvent.workspace_id))) == [two.own]
        assert await session.scalar(select(func.count()).select_from(Contact)) == 1
        assert await session.get(Channel, two.foreign_channel) is None
        joined = select(Label.id).join(Contact, Contact.name == "А").where(Contact.workspace_id == two.foreign)
        assert (await session.execute(joined)).all() == []
        hidden = (
            select(func.count())
            .select_from(Label)
            .where(Label.id.in_(select(Label.id).where(Label.workspace_id == two.foreign)))
        )
        assert await session.scalar(hidden) == 0
        seen = select(Label.id).where(exists().where(Contact.workspace_id == two.foreign))
        assert (await session.execute(seen)).all() == []


async def test_scopes_of_two_sessions_do_not_mix(two: Two) -> None:
    for scope, expected in (([two.own], 1), ([two.own, two.foreign], 2), ([], 0), ([two.foreign], 1)):
        async with two.database.session(scope_of(scope)) as session:
            assert len(list(await session.scalars(select(Label)))) == expected


async def test_updates_and_deletes_stop_at_the_fence(two: Two) -> None:
    async with two.database.transaction(scope_of([two.own])) as session:
        await session.execute(update(Label).values(name="changed"))
        await session.execute(delete(Contact))
    async with two.database.session(EVERY_WORKSPACE) as session:
        labels = dict((await session.execute(select(Label.workspace_id, Label.name))).all())
        assert labels == {two.own: "changed", two.foreign: "vip"}
        assert list(await session.scalars(select(Contact.workspace_id))) == [two.foreign]


async def test_what_the_fence_cannot_see_through_is_refused(two: Two) -> None:
    async with two.database.session(scope_of([two.own])) as session:
        with pytest.raises(SetupError, match="labels"):
            await session.execute(select(table_of(Label)))
        with pytest.raises(SetupError, match="contacts"):
            await session.scalar(select(exists().where(Contact.workspace_id == two.foreign)))
        with pytest.raises(SetupError, match="text"):
            await session.execute(text("select * from labels"))
        session.add(Label(workspace_id=two.foreign, name="smuggled"))
        with pytest.raises(SetupError, match="does not serve"):
            await session.flush()
    async with two.database.session() as session:
        with pytest.raises(SetupError, match="without saying"):
            await session.execute(select(Label))


async def test_no_row_can_point_into_another_clients_data(two: Two) -> None:
    async with two.database.session(EVERY_WORKSPACE) as session:
        foreign_contact = await session.scalar(select(Contact.id).where(Contact.workspace_id == two.foreign))
        session.add(
            Identity(workspace_id=two.own, channel_id=two.own_channel, contact_id=foreign_contact, external_id="1",
                     name="x")
        )  # fmt: skip
        with pytest.raises(IntegrityError, match="fk_identities"):
            await session.flush()
