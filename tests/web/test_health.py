"""Health, readiness, metrics, and what the classifier and dead events answer."""

import asyncio
import json
from datetime import datetime, timedelta

import pytest
from pydantic import TypeAdapter
from sqlalchemy import select, text

from inbox.conversations.models import DeadEvent
from inbox.conversations.trouble import Dead, write_dead
from inbox.core import health
from inbox.core.database import EVERY_WORKSPACE
from inbox.core.events import CheckChannel, DrainQueue
from inbox.core.jobs import defer
from inbox.core.stream import STREAM, Entry
from tests.company import Company

ENTRIES = TypeAdapter(list[tuple[str, dict[str, str]]])
pytestmark = pytest.mark.outside


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that runs other tests beside these is slow; its servers are there."""
    monkeypatch.setattr(health, "PATIENCE", timedelta(seconds=60))


async def test_a_running_company_is_healthy_and_ready(company: Company) -> None:
    guest = await company.guest()
    assert (await guest.get("/healthz")).json() == {"status": "ok"}
    ready = await guest.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert ready.json()["checks"] == {"database": "ok", "redis": "ok", "migrations": "ok"}


async def test_an_old_schema_is_not_ready(company: Company) -> None:
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await session.execute(text("update alembic_version set version_num = 'before'"))
    ready = await (await company.guest()).get("/readyz")
    assert ready.status_code == 503
    assert "otklik migrate" in ready.json()["checks"]["migrations"]


async def test_metrics_tell_numbers_and_no_names(company: Company) -> None:
    now = company.clock()
    await company.context.redis.xadd(STREAM, {"raw": "{}"})
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await defer(session, [CheckChannel(channel_id=1), DrainQueue(workspace_id=1)])
        await write_dead(session, [_dead(company, "1-1", "{}", now)])
    owner = await company.client_of("owner")
    await owner.get(f"/api/v1/channels/{company.channel_id}")
    told = (await owner.get("/metrics")).text
    assert "otklik_intake_entries 1.0" in told
    assert "otklik_dead_events 1.0" in told
    assert 'otklik_jobs{state="todo"} 2.0' in told
    assert 'otklik_jobs{state="stalled"} 0.0' in told
    assert 'route="/api/v1/channels/{channel_id}",status="200"' in told
    assert "Лад" not in told
    assert "otklik.test" not in told


async def test_classify_answers_in_the_order_of_the_texts(company: Company) -> None:
    viewer = await company.client_of("viewer")
    texts = ["Сколько стоит угловой диван и есть ли доставка?", "Ужасный сервис, верните деньги!", ""]
    answer = await viewer.post("/api/v1/classify", json={"texts": texts})
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert len(items) == 3
    assert items[1]["sentiment"] == "negative"
    for item in items:
        assert {"sentiment", "intent", "toxic", "probabilities", "unsure"} <= item.keys()
        assert item["intent"] in item["probabilities"]["intent"]
    assert (await viewer.post("/api/v1/classify", json={"texts": []})).json()["items"] == []
    many = await viewer.post("/api/v1/classify", json={"texts": ["a"] * 257})
    assert (many.status_code, many.json()["field"]) == (422, "texts")
    assert (await (await company.guest()).post("/api/v1/classify", json={"texts": ["a"]})).status_code == 401


async def test_classifying_keeps_nobody_else_waiting(company: Company) -> None:
    owner = await company.client_of("owner")
    await owner.post("/api/v1/classify", json={"texts": ["разогрев"]})
    texts = [f"Подскажите, пожалуйста, когда приедет заказ номер {n}?" for n in range(256)]
    classifying = asyncio.create_task(owner.post("/api/v1/classify", json={"texts": texts}))
    answered = 0
    while not classifying.done():
        assert (await owner.get("/healthz")).status_code == 200
        answered += 1
        await asyncio.sleep(0.001)
    assert answered > 3


async def test_dead_events_are_shown_to_owners_and_put_back_once(company: Company) -> None:
    received_at = company.clock() - timedelta(hours=1)
    raw = json.dumps({"update_id": 7, "message": {"text": "привет"}}, ensure_ascii=False)
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        await write_dead(session, [_dead(company, "1-1", raw, received_at), _dead(company, "1-2", "[]", received_at)])
        ids = list(await session.scalars(select(DeadEvent.id).order_by(DeadEvent.id)))
    admin = await company.client_of("admin")
    listed = (await admin.get("/api/v1/dead-events", params={"limit": 1})).json()
    assert [one["id"] for one in listed["items"]] == [ids[1]]
    rest = (await admin.get("/api/v1/dead-events", params={"cursor": listed["next_cursor"]})).json()
    assert [(one["id"], one["raw"], one["error"]) for one in rest["items"]] == [(ids[0], raw, "broken")]
    assert (await admin.post(f"/api/v1/dead-events/{ids[0]}/replay")).status_code == 200
    ((_, entry),) = ENTRIES.validate_python(await company.context.redis.xrange(STREAM))
    assert (json.loads(entry["raw"]), entry["channel_id"]) == (json.loads(raw), str(company.channel_id))
    assert entry["received_at"] == received_at.isoformat()
    assert (await admin.post(f"/api/v1/dead-events/{ids[0]}/replay")).status_code == 409
    assert (await admin.post(f"/api/v1/dead-events/{ids[1]}/replay")).status_code == 409
    for name, status in (("moderator", 403), ("viewer", 403), ("neighbour", 404), ("outsider", 404)):
        client = await company.client_of(name)
        assert (await client.post(f"/api/v1/dead-events/{ids[1]}/replay")).status_code == status
        assert (await client.get("/api/v1/dead-events")).json()["items"] == []


def _dead(company: Company, entry_id: str, raw: str, received_at: datetime) -> Dead:
    entry = Entry(entry_id=entry_id, channel_id=company.channel_id, received_at=received_at, via="poll", raw=raw)
    return Dead(entry, company.workspace_id, "broken")
