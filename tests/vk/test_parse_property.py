"""Whatever VK may send, the parser returns events or says that it cannot parse."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bots.vk.attachments import KINDS
from bots.vk.parse import USED_EVENTS, parse
from inbox.core.errors import UnparsableEventError
from tests.vk.events import ME, Raw, comment, event, message

FIELDS = (
    "action",
    "admin_author_id",
    "attachments",
    "comment",
    "copy_history",
    "coordinates",
    "doc",
    "duration",
    "fwd_messages",
    "geo",
    "item_id",
    "level_new",
    "message",
    "parents_stack",
    "photo",
    "photo_id",
    "place",
    "post_type",
    "preview",
    "price",
    "reason",
    "reply_message",
    "reply_to_comment",
    "reply_to_user",
    "sizes",
    "title",
    "topic_id",
    "type",
    "unblock_date",
    "update_time",
    "url",
    "user_id",
    "video_id",
    "width",
)
names = st.sampled_from(sorted({*FIELDS, *KINDS, *message(), *comment()}))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
known = st.sampled_from([message(), comment(), {"type": "photo", "photo": {"sizes": [{"url": "u", "width": 1}]}}])
values = st.recursive(
    scalars | known | st.sampled_from(KINDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)
# A busy machine is no reason to fail.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
whole = st.sampled_from([message(), comment(user_id=1, level_new=1), {"message": message()}])


@patient
@given(kind=st.sampled_from(USED_EVENTS), start=whole, fields=st.dictionaries(names, values, max_size=6))
def test_any_event_gives_events_or_is_said_to_be_unparsable(kind: str, start: Raw, fields: Raw) -> None:
    try:
        assert parse(event(kind, {**start, **fields}), ME)
    except UnparsableEventError:
        return


@patient
@given(kind=st.sampled_from(USED_EVENTS) | st.text(max_size=8), value=values)
def test_any_value_in_place_of_an_object_is_borne(kind: str, value: object) -> None:
    try:
        assert parse(event(kind, value), ME)
    except UnparsableEventError:
        return


def test_forwards_inside_forwards_without_end_are_borne() -> None:
    inner: Raw = message(text="дно")
    for _ in range(200):
        inner = message(text="", fwd_messages=[inner])
    assert parse(event("message_new", {"message": inner}), ME)
