"""Each kind of attachment as a person would see it."""

from datetime import timedelta

import pytest

from inbox.channels.events import Attachment, AttachmentKind
from tests.vk.events import Raw, message, received

SIZES: list[Raw] = [
    {"type": "z", "url": "https://sun1.userapi.com/z", "width": 1280, "height": 800},
    {"type": "s", "url": "https://sun1.userapi.com/s", "width": 75, "height": 47},
    {"type": "x", "url": "https://sun1.userapi.com/x", "width": 604, "height": 378},
]
LONG = "а" * 300

CASES: list[tuple[str, Raw, Attachment]] = [
    (
        "photo",
        {"id": 1, "owner_id": 42, "sizes": SIZES, "text": "у двери"},
        Attachment(
            AttachmentKind.PHOTO,
            external_id="https://sun1.userapi.com/z",
            mime_type="image/jpeg",
            width=1280,
            height=800,
            title="у двери",
            thumbnail_external_id="https://sun1.userapi.com/x",
        ),
    ),
    (
        "audio_message",
        {"id": 1, "owner_id": 42, "duration": 7, "link_ogg": "https://vk.com/o", "link_mp3": "https://vk.com/m"},
        Attachment(
            AttachmentKind.VOICE,
            external_id="https://vk.com/o",
            mime_type="audio/ogg",
            duration=timedelta(seconds=7),
        ),
    ),
    (
        "doc",
        {"id": 1, "owner_id": 42, "title": "Чек", "ext": "pdf", "size": 12, "url": "https://vk.com/doc42_1"},
        Attachment(
            AttachmentKind.DOCUMENT,
            external_id="https://vk.com/doc42_1",
            file_name="Чек.pdf",
            mime_type="application/pdf",
            size=12,
        ),
    ),
    (
        "doc",
        {"title": "кот.gif", "ext": "gif", "url": "https://vk.com/doc42_2"},
        Attachment(
            AttachmentKind.ANIMATION,
            external_id="https://vk.com/doc42_2",
            file_name="кот.gif",
            mime_type="image/gif",
        ),
    ),
    (
        "sticker",
        {"sticker_id": 3, "images": [{"url": "https://vk.com/sticker/1", "width": 64, "height": 64}]},
        Attachment(
            AttachmentKind.STICKER,
            external_id="https://vk.com/sticker/1",
            mime_type="image/png",
            width=64,
            height=64,
            thumbnail_external_id="https://vk.com/sticker/1",
        ),
    ),
    (
        "video",
        {"id": 4, "owner_id": -1, "title": "Обзор", "duration": 90, "image": SIZES, "width": 640, "height": 360},
        Attachment(
            AttachmentKind.VIDEO,
            width=640,
            height=360,
            duration=timedelta(seconds=90),
            title="Обзор https://vk.com/video-1_4",
            thumbnail_external_id="https://sun1.userapi.com/x",
        ),
    ),
    (
        "audio",
        {"artist": "Кино", "title": "Группа крови", "duration": 284, "url": ""},
        Attachment(
            AttachmentKind.AUDIO,
            mime_type="audio/mpeg",
            duration=timedelta(seconds=284),
            title="Кино — Группа крови",
        ),
    ),
    (
        "link",
        {"url": "https://example.org/", "title": "Пример"},
        Attachment(AttachmentKind.LINK, title="Пример https://example.org/"),
    ),
    (
        "wall",
        {"id": 6, "owner_id": -1234, "from_id": -1234, "text": LONG},
        Attachment(AttachmentKind.LINK, title=f"{LONG[:200]}… https://vk.com/wall-1234_6"),
    ),
    (
        "market",
        {"id": 5, "owner_id": -1, "title": "Кружка", "price": {"text": "500 ₽"}, "thumb_photo": "https://vk.com/t"},
        Attachment(
            AttachmentKind.LINK,
            title="Кружка, 500 ₽ https://vk.com/market-1?w=product-1_5",
            thumbnail_external_id="https://vk.com/t",
        ),
    ),
    ("poll", {"question": "Ждём?"}, Attachment(AttachmentKind.POLL, title="Ждём?")),
    (
        "graffiti",
        {"url": "https://vk.com/g", "width": 10, "height": 20},
        Attachment(AttachmentKind.PHOTO, external_id="https://vk.com/g", mime_type="image/png", width=10, height=20),
    ),
    (
        "gift",
        {"thumb_256": "https://vk.com/gift"},
        Attachment(AttachmentKind.OTHER, title="🎁", thumbnail_external_id="https://vk.com/gift"),
    ),
    ("unheard_of", {"title": "Новинка"}, Attachment(AttachmentKind.OTHER, title="Новинка")),
    ("story", {}, Attachment(AttachmentKind.OTHER, title="story")),
    ("photo", {"sizes": "?"}, Attachment(AttachmentKind.PHOTO)),
    ("audio_message", {"duration": "?", "link_ogg": "https://vk.com/o"}, Attachment(AttachmentKind.VOICE)),
]


@pytest.mark.parametrize(("kind", "part", "expected"), CASES)
def test_an_attachment_is_what_a_person_would_see(kind: str, part: Raw, expected: Attachment) -> None:
    assert received(message(attachments=[{"type": kind, kind: part}])).attachments == (expected,)


@pytest.mark.parametrize(
    ("place", "title"),
    [
        ({"coordinates": {"latitude": 55.7, "longitude": 37.6}}, "55.7, 37.6"),
        ({"coordinates": {"latitude": 55.7, "longitude": 37.6}, "place": {"title": "Москва"}}, "Москва (55.7, 37.6)"),
        ({"coordinates": "55.7 37.6"}, "55.7 37.6"),
        ({}, None),
        (5, None),
    ],
)
def test_a_place_is_named_or_numbered(place: object, title: str | None) -> None:
    found = received(message(geo=place)).attachments
    assert found == (Attachment(AttachmentKind.LOCATION, title=title),)


def test_an_attachment_without_a_kind_is_still_there() -> None:
    assert received(message(attachments=[{}])).attachments == (Attachment(AttachmentKind.OTHER),)
