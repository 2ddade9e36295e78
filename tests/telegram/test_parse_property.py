"""Whatever Telegram may send, the parser returns events or says that it cannot parse."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bots.telegram.attachments import CONTENT
from bots.telegram.parse import USED_UPDATES, parse
from inbox.core.errors import UnparsableEventError
from tests.telegram.updates import ANNA, FORWARD, GROUP, ME, PRIVATE, Raw, direct

TEXT_NAMES = ("text", "caption", "entities", "caption_entities", "offset", "length", "user", "url", "quote", "blocks")
PLACE_NAMES = ("message_thread_id", "is_topic_message", "direct_messages_topic", "topic_id", "media_group_id")
PARENT_NAMES = ("reply_to_message", "external_reply", "origin", "reply_to_story", "edit_date", "title", "status")
MEMBER_NAMES = ("old_chat_member", "new_chat_member", "is_member", "migrate_to_chat_id", "business_connection_id")
FILE_NAMES = ("file_id", "file_size", "duration", "thumbnail", "width", "message_ids", "new_chat_title")

NAMES = {*TEXT_NAMES, *PLACE_NAMES, *PARENT_NAMES, *MEMBER_NAMES, *FILE_NAMES, *CONTENT, *FORWARD, *ANNA, *GROUP}
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
names = st.sampled_from(sorted(NAMES))
known = st.sampled_from([ANNA, GROUP, PRIVATE, FORWARD, direct(text="@shop_bot")])
kinds = st.sampled_from(["private", "group", "supergroup", "channel", "mention", "text_mention", "text_link"])
values = st.recursive(
    scalars | known | kinds,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)
# A busy machine is no reason to fail.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@patient
@given(kind=st.sampled_from(USED_UPDATES), fields=st.dictionaries(names, values, max_size=6), is_whole=st.booleans())
def test_any_update_gives_events_or_is_said_to_be_unparsable(kind: str, fields: Raw, is_whole: bool) -> None:
    payload = {**direct(text="?"), **fields} if is_whole else fields
    try:
        events = parse({"update_id": 1, kind: payload}, ME)
    except UnparsableEventError:
        return
    assert events


@patient
@given(value=values)
def test_any_value_in_place_of_an_update_is_borne(value: object) -> None:
    try:
        assert parse({"update_id": 1, "message": value}, ME)
    except UnparsableEventError:
        return
