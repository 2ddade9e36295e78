"""Every kind of media and thing as an attachment."""

from datetime import timedelta

import pytest

from bots.telegram.attachments import CONTENT
from bots.telegram.parse import parse
from inbox.channels.events import Attachment, AttachmentKind, MessageReceived
from tests.telegram.updates import CHANNEL, GROUP, ME, PETER, SENT, Raw, direct, received

FILE: Raw = {"file_id": "f", "file_unique_id": "u", "file_size": 900}
THUMBNAIL: Raw = {"file_id": "t", "file_unique_id": "ut", "width": 90, "height": 90}
POLL: Raw = {
    "id": "1",
    "question": "Какой цвет?",
    "options": [],
    "total_voter_count": 0,
    "is_closed": False,
    "is_anonymous": True,
    "type": "regular",
    "allows_multiple_answers": False,
    "allows_revoting": True,
    "members_only": False,
}
GIVEAWAY: Raw = {"chats": [CHANNEL], "winners_selection_date": SENT, "winner_count": 3}
WINNERS: Raw = {
    "chat": CHANNEL,
    "giveaway_message_id": 3,
    "winners_selection_date": SENT,
    "winner_count": 1,
    "winners": [PETER],
    "prize_description": "Чайник",
}
PLACE: Raw = {"latitude": 55.75, "longitude": 37.62}


def size(file_id: str, side: int) -> Raw:
    """A PhotoSize."""
    return {"file_id": file_id, "file_unique_id": f"u{file_id}", "width": side, "height": side // 2, "file_size": side}


def attachments(**fields: object) -> tuple[Attachment, ...]:
    """The attachments of a direct message with these fields."""
    return received(direct(**fields)).attachments


def test_a_photo_is_its_largest_size_with_a_smaller_one_to_show() -> None:
    assert attachments(photo=[size("s", 90), size("m", 320), size("x", 800), size("y", 1280)]) == (
        Attachment(
            AttachmentKind.PHOTO,
            external_id="y",
            mime_type="image/jpeg",
            size=1280,
            width=1280,
            height=640,
            thumbnail_external_id="m",
        ),
    )


FILES: dict[str, tuple[Raw, Attachment]] = {
    "document": (
        {**FILE, "file_name": "чек.pdf", "mime_type": "application/pdf", "thumbnail": THUMBNAIL},
        Attachment(AttachmentKind.DOCUMENT, "f", "чек.pdf", "application/pdf", size=900, thumbnail_external_id="t"),
    ),
    "video": (
        {**FILE, "width": 640, "height": 360, "duration": 12, "mime_type": "video/mp4", "thumbnail": THUMBNAIL},
        Attachment(AttachmentKind.VIDEO, "f", None, "video/mp4", 900, 640, 360, timedelta(seconds=12), None, "t"),
    ),
    "voice": (
        {**FILE, "duration": 4},
        Attachment(AttachmentKind.VOICE, "f", mime_type="audio/ogg", size=900, duration=timedelta(seconds=4)),
    ),
    "video_note": (
        {**FILE, "length": 240, "duration": 5},
        Attachment(AttachmentKind.VIDEO_NOTE, "f", None, "video/mp4", 900, 240, 240, timedelta(seconds=5)),
    ),
    "audio": (
        {**FILE, "duration": 180, "performer": "Кино", "title": "Кукушка", "mime_type": "audio/mpeg"},
        Attachment(
            AttachmentKind.AUDIO, "f", None, "audio/mpeg", 900, duration=timedelta(minutes=3), title="Кино — Кукушка"
        ),
    ),
    "sticker": (
        {
            **FILE,
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
            "emoji": "👍",
        },
        Attachment(AttachmentKind.STICKER, "f", None, "image/webp", 900, 512, 512, title="👍"),
    ),
    "contact": (
        {"phone_number": "+79990000000", "first_name": "Пётр"},
        Attachment(AttachmentKind.CONTACT, title="Пётр +79990000000"),
    ),
    "location": (PLACE, Attachment(AttachmentKind.LOCATION, title="55.75, 37.62")),
    "poll": (POLL, Attachment(AttachmentKind.POLL, title="Какой цвет?")),
    "dice": ({"emoji": "🎲", "value": 4}, Attachment(AttachmentKind.OTHER, title="🎲 4")),
    "story": ({"chat": CHANNEL, "id": 3}, Attachment(AttachmentKind.OTHER, title="Магазин")),
    "checklist": ({"title": "Сборы", "tasks": []}, Attachment(AttachmentKind.OTHER, title="Сборы")),
    "giveaway": (GIVEAWAY, Attachment(AttachmentKind.OTHER, title="🎁 × 3")),
    "giveaway_winners": (WINNERS, Attachment(AttachmentKind.OTHER, title="Чайник")),
    "invoice": (
        {"title": "Шапка", "description": "d", "start_parameter": "s", "currency": "RUB", "total_amount": 100},
        Attachment(AttachmentKind.OTHER, title="Шапка"),
    ),
    "game": ({"title": "Змейка", "description": "d", "photo": []}, Attachment(AttachmentKind.OTHER, title="Змейка")),
}


@pytest.mark.parametrize("name", FILES)
def test_each_kind_keeps_what_a_person_needs(name: str) -> None:
    raw, expected = FILES[name]
    assert attachments(**{name: raw}) == (expected,)


def test_an_animation_is_not_counted_again_as_a_document() -> None:
    raw = {**FILE, "width": 10, "height": 10, "duration": 1}
    (attachment,) = attachments(animation=raw, document=FILE)
    assert attachment.kind is AttachmentKind.ANIMATION


def test_a_venue_is_not_counted_again_as_a_location() -> None:
    venue = {"location": PLACE, "title": "Магазин", "address": "Ленина, 1"}
    assert attachments(venue=venue, location=PLACE) == (
        Attachment(AttachmentKind.LOCATION, title="Магазин, Ленина, 1"),
    )


def test_a_live_photo_is_a_video_with_its_still() -> None:
    raw = {**FILE, "width": 10, "height": 20, "duration": 3}
    (attachment,) = attachments(live_photo=raw, photo=[size("still", 800)])
    assert (attachment.kind, attachment.external_id) == (AttachmentKind.VIDEO, "f")
    assert attachment.thumbnail_external_id == "still"


def test_paid_media_shows_what_was_bought_and_the_price_of_the_rest() -> None:
    media = [
        {"type": "photo", "photo": [size("p", 800)]},
        {"type": "video", "video": {**FILE, "width": 1, "height": 1, "duration": 1}},
        {"type": "preview", "width": 1},
    ]
    kinds = [(found.kind, found.title) for found in attachments(paid_media={"star_count": 50, "paid_media": media})]
    assert kinds == [
        (AttachmentKind.PHOTO, None),
        (AttachmentKind.VIDEO, None),
        (AttachmentKind.OTHER, "⭐ 50"),
    ]


def test_a_link_behind_other_words_is_shown() -> None:
    entity = {"type": "text_link", "offset": 0, "length": 3, "url": "https://example.org/"}
    assert attachments(text="тут", entities=[entity]) == (
        Attachment(AttachmentKind.LINK, title="https://example.org/"),
    )


@pytest.mark.parametrize("name", CONTENT)
@pytest.mark.parametrize("odd", [{}, "x", {"file_id": 5}, {"title": []}])
def test_an_attachment_that_is_not_as_expected_never_costs_the_message(name: str, odd: object) -> None:
    (event,) = parse({"update_id": 1, "message": direct(**{name: odd})}, ME)
    assert isinstance(event, MessageReceived)
    assert event.attachments


def test_media_of_a_post_are_kept() -> None:
    message = received({**direct(photo=[size("p", 800)]), "chat": GROUP})
    assert message.attachments[0].external_id == "p"
