"""Whose data were erased is not taken again by any way in; what they write anew is."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from inbox.contacts.models import Erasure, Identity
from inbox.conversations.forgotten import hide_person
from inbox.core.database import EVERY_WORKSPACE
from tests.desk import Desk, open_desk
from tests.servers import TestServers

pytestmark = pytest.mark.outside


@pytest.fixture
async def desk(servers: TestServers) -> AsyncIterator[Desk]:
    async with open_desk(servers, channels=2) as opened:
        yield opened


async def test_a_worker_drops_what_an_erased_person_wrote_before_and_takes_the_rest(desk: Desk) -> None:
    context, (channel_id, other_id) = desk.context, desk.channel_ids
    async with context.transaction(EVERY_WORKSPACE) as session:
        session.add(
            Erasure(
                workspace_id=desk.workspace_id, channel_id=channel_id,
                person_hash=hide_person(context.cipher.hide, channel_id, "501"),
                until_at=context.clock() - timedelta(minutes=1),
            )
        )  # fmt: skip
    old = desk.message("стёртое", person=501)
    old["message"]["date"] -= 3600  # type: ignore[index]
    beside = desk.message("другой тогда же", person=502)
    beside["message"]["date"] -= 3600  # type: ignore[index]
    await desk.put(old, beside, desk.message("новое", person=501))
    await desk.put({**old, "update_id": 77}, channel_id=other_id)
    pipeline, _ = desk.pipeline()
    await desk.run_until_empty(pipeline)
    assert await desk.texts() == ["другой тогда же", "новое", "стёртое"], "on the other channel nobody was erased"
    async with context.database.session(EVERY_WORKSPACE) as session:
        people = await session.execute(select(Identity.channel_id, Identity.external_id).order_by(Identity.id))
        assert sorted(map(tuple, people)) == sorted([(channel_id, "501"), (channel_id, "502"), (other_id, "501")])
    assert await desk.dead() == []
