"""Attachments through us: their bytes, how a browser may treat them, and refusals in words."""

import httpx
import pytest
from sqlalchemy import select

from inbox.channels.events import Attachment as Part
from inbox.channels.events import AttachmentKind
from inbox.conversations.models import Attachment
from inbox.core.database import EVERY_WORKSPACE
from tests.api.subscribers import Subscribers
from tests.api.wire import Wire
from tests.company import Company, bot_token

pytestmark = pytest.mark.outside


async def fetch(company: Company, subscribers: Subscribers, part: Part) -> httpx.Response:
    """What the owner gets for an attachment of a message."""
    await subscribers.write("Вот файл", attachments=(part,))
    async with company.context.database.session(EVERY_WORKSPACE) as session:
        attachment_id = await session.scalar(select(Attachment.id))
    owner = await company.client_of("owner")
    return await owner.get(f"/api/v1/attachments/{attachment_id}/content")


async def test_a_photo_is_shown_in_place_and_its_link_never_leaves(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    telegram.files["photos/1.jpg"] = b"\xff\xd8 a photo"
    telegram.answers["getFile"] = {"file_id": "F", "file_unique_id": "U", "file_path": "photos/1.jpg"}
    answer = await fetch(company, subscribers, Part(AttachmentKind.PHOTO, "F"))
    assert (answer.status_code, answer.content) == (200, b"\xff\xd8 a photo")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"].startswith("inline; filename=")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"].startswith("private")
    assert bot_token("700001") not in str(answer.headers)


@pytest.mark.parametrize("mime_type", ["text/html", "image/svg+xml", "evil\r\nX-Injected: 1"])
async def test_what_can_hold_scripts_is_offered_for_saving_only(
    company: Company, subscribers: Subscribers, telegram: Wire, mime_type: str
) -> None:
    telegram.files["documents/x"] = b"<script>"
    telegram.answers["getFile"] = {"file_id": "F", "file_unique_id": "U", "file_path": "documents/x"}
    part = Part(AttachmentKind.DOCUMENT, "F", file_name='отчёт"\n.html', mime_type=mime_type)
    answer = await fetch(company, subscribers, part)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert "x-injected" not in answer.headers
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_a_file_that_telegram_no_longer_gives_is_gone(
    company: Company, subscribers: Subscribers, telegram: Wire
) -> None:
    telegram.refusals["getFile"] = "file is too big"
    answer = await fetch(company, subscribers, Part(AttachmentKind.VIDEO, "F"))
    assert (answer.status_code, answer.headers["content-type"]) == (410, "application/problem+json")
    assert "20 MB" in answer.json()["detail"]


async def test_a_platform_that_does_not_answer_is_a_bad_gateway(company: Company, subscribers: Subscribers) -> None:
    answer = await fetch(company, subscribers, Part(AttachmentKind.PHOTO, "F"))
    assert answer.status_code in {502, 503}
    assert answer.json()["detail"]


async def test_a_thing_without_a_file_is_not_found(company: Company, subscribers: Subscribers) -> None:
    answer = await fetch(company, subscribers, Part(AttachmentKind.LOCATION, title="55.75, 37.62"))
    assert answer.status_code == 404
