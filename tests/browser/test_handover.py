"""What burns with somebody who went home is handed to a colleague on shift, and back."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.api import client_of
from tests.browser.running import Demo, note_troubles

SUBSCRIBER = 960_001


@pytest.fixture
def owner(demo: Demo) -> Iterator[httpx.Client]:
    """The owner elsewhere; the promise is five minutes, so that what waits burns at once."""
    with client_of(demo, "owner") as client:
        promises = client.get("/sla-policies", params={"workspace_id": 1}).json()["items"]
        (promise,) = (one for one in promises if one["is_default"])
        path = f"/sla-policies/{promise['id']}"
        client.patch(path, json={"first_response_minutes": 5, "next_response_minutes": 5}).raise_for_status()
        yield client
        before = {name: promise[name] for name in ("first_response_minutes", "next_response_minutes")}
        client.patch(path, json=before).raise_for_status()


def waiting(owner: httpx.Client) -> list[dict[str, object]]:
    """The conversations of the test's subscriber."""
    found: list[dict[str, object]] = owner.get("/conversations", params={"q": "Пожарова"}).json()["items"]
    return found


def test_what_burns_is_handed_to_those_on_shift_and_taken_back(page: Page, demo: Demo, owner: httpx.Client) -> None:
    troubles = note_troubles(page)
    with client_of(demo, "support") as support:
        me = support.get("/me").json()
        demo.say(SUBSCRIBER, "Мария Пожарова", "Где мой заказ? Жду третий день!")
        for _ in range(40):
            if any(one["needs_answer"] for one in waiting(owner)):
                break
            page.wait_for_timeout(250)
        (talk,) = waiting(owner)
        given = owner.patch(f"/conversations/{talk['id']}", json={"assignee_id": me["id"]})
        given.raise_for_status()
        support.patch("/me", json={"shift_state": "off"}).raise_for_status()
        try:
            page.goto(f"{demo.url}/w/1/sla")
            page.get_by_role("button", name="Передать тем, кто на смене").click()
            dialog = page.locator("#dialogs dialog")
            expect(dialog.locator("li", has_text="Мария Пожарова")).to_contain_text(me["name"])
            with page.expect_response("**/w/1/sla/burning"):  # what burns is shown anew
                dialog.get_by_role("button", name="Передать:").click()
            toast = page.locator(".toast2", has_text="Передано:")
            expect(toast).to_be_visible()
            expect(dialog).not_to_be_visible()
            assert waiting(owner)[0]["assignee_id"] not in {None, me["id"]}
            with page.expect_response("**/w/1/sla/burning"):
                toast.get_by_role("button", name="Отменить").click()
            expect(page.locator(".toast2", has_text="Отменено:")).to_be_visible()
            assert waiting(owner)[0]["assignee_id"] == me["id"]
        finally:
            support.patch("/me", json={"shift_state": "on"}).raise_for_status()
            owner.patch(f"/conversations/{talk['id']}", json={"status": "closed"}).raise_for_status()
    assert not troubles
