"""The judge of our calls does judge."""

import pytest

from tests.vk.schema import flaws, require_shared


@pytest.mark.parametrize(
    ("name", "params", "key", "said"),
    [
        ("messages.send", {"peer_ids": "1", "random_id": "5", "message": "x", "v": "5.199"}, "group", []),
        ("messages.shout", {}, "group", ["no method messages.shout"]),
        ("messages.send", {"volume": "5"}, "group", ["messages.send knows no volume"]),
        ("messages.send", {"peer_id": "x"}, "group", ["messages.send.peer_id: 'x' is not ['integer']"]),
        ("messages.send", {"message": "x" * 9001}, "group", ["messages.send.message: too long"]),
        ("messages.edit", {}, "group", ["messages.edit needs peer_id"]),
        ("groups.ban", {"group_id": "1"}, "group", ["groups.ban is not for a group key"]),
        ("groups.ban", {"group_id": "-1"}, "user", ["groups.ban.group_id: -1 is less than 1"]),
        ("groups.getTokenPermissions", {}, "user", ["groups.getTokenPermissions is not for a user key"]),
        ("wall.closeComments", {"owner_id": "-1", "post_id": "6"}, "group", []),
        ("groups.setLongPollSettings", {"group_id": "1", "enabled": "yes"}, "group",
         ["groups.setLongPollSettings.enabled: 'yes' is not ['boolean']"]),
        ("messages.getConversations", {"filter": "best"}, "group",
         ["messages.getConversations.filter: 'best' is none of ['all', 'archive', 'important', 'sorted_chats', "
          "'unanswered', 'unread']"]),
        ("messages.delete", {"cmids": ",".join(["1"] * 101)}, "group", ["messages.delete.cmids: more than 100"]),
    ],
)  # fmt: skip
def test_a_call_that_vk_would_not_take_is_found(name: str, params: dict[str, str], key: str, said: list[str]) -> None:
    require_shared()
    assert flaws(name, params, key) == said
