"""Where a channel's keys go: to the server that was named together with them, and into no private network."""

import httpx
import pytest

from inbox.core.settings import Settings
from tests.company import Company, found_company
from tests.servers import TestServers
from tests.web.test_channels import TOKEN, create, read, wanted

pytestmark = pytest.mark.outside


async def test_an_account_is_one_of_the_server_that_was_asked(company: Company, simulator: str) -> None:
    """Another project's server may claim any account: it occupies none that is elsewhere."""
    squatter, owner = await company.client_of("outsider"), await company.client_of("owner")
    place = simulator.replace("127.0.0.1", "localhost")
    theirs = wanted(company, place) | {"workspace_id": company.foreign_id}
    squatted = await squatter.post("/api/v1/channels", json=theirs)
    assert squatted.status_code == 201, squatted.text
    assert (await owner.post("/api/v1/channels", json=wanted(company, simulator))).status_code == 201
    moved = {"settings": {"api_url": simulator}, "credentials": {"token": TOKEN}}
    answer = await squatter.patch(f"/api/v1/channels/{squatted.json()['id']}", json=moved)
    assert answer.status_code == 409
    assert "already connected" in answer.json()["detail"]
    assert (await read(company, squatted.json()["id"])).api_url == place


@pytest.mark.parametrize("way", ["api_url", "proxy_url"])
async def test_a_server_or_proxy_in_a_private_network_is_for_who_runs_otklik_to_allow(
    servers: TestServers, simulator: str, way: str
) -> None:
    async with found_company(servers, Settings(_env_file=None)) as company:
        owner = await company.client_of("owner")
        ways = {"api_url": None, way: simulator}
        answer = await owner.post("/api/v1/channels", json=wanted(company, simulator, ways))
        assert (answer.status_code, answer.json()["field"]) == (422, f"settings.{way}")
        assert "OTKLIK_CHANNELS_PRIVATE=true" in answer.json()["detail"]
        browser = await company.browser_of("owner")
        form = {"workspace_id": company.workspace_id, "token": TOKEN, way: simulator}
        page = await browser.post(f"/w/{company.workspace_id}/channels/new", data=form)
        assert page.status_code == 422
        assert "OTKLIK_CHANNELS_PRIVATE=true" in page.text


@pytest.mark.parametrize(
    "url", ["https://api.example.org/bot{token}/{method}", "http://127.0.0.1:9/{", "http://a}b.ru"]
)
async def test_an_address_with_braces_is_refused_in_words(company: Company, url: str) -> None:
    owner, browser = await company.client_of("owner"), await company.browser_of("owner")
    answer = await owner.post("/api/v1/channels", json=wanted(company, url))
    assert answer.status_code == 422
    assert "has no braces" in answer.text
    form = {"workspace_id": company.workspace_id, "token": TOKEN, "api_url": url}
    page = await browser.post(f"/w/{company.workspace_id}/channels/new", data=form)
    assert page.status_code == 422
    assert "has no braces" in page.text


@pytest.mark.parametrize("ways", [{"api_url": "{other}"}, {"proxy_url": "{other}"}, {"api_url": None}])
async def test_stored_keys_are_not_sent_to_a_new_address(
    company: Company, simulator: str, ways: dict[str, str | None]
) -> None:
    created = await create(company, simulator)
    owner, path = await company.client_of("owner"), f"/api/v1/channels/{created.id}"
    other = simulator.replace("127.0.0.1", "localhost")
    moved = {name: url and url.format(other=other) for name, url in ways.items()}
    async with httpx.AsyncClient(base_url=simulator) as platform:
        before = (await platform.get("/sim/calls", params={"method": "getMe"})).json()["items"]
        answer = await owner.patch(path, json={"settings": moved})
        assert (await platform.get("/sim/calls", params={"method": "getMe"})).json()["items"] == before
    assert (answer.status_code, answer.json()["field"]) == (422, "credentials")
    assert "give them together" in answer.json()["detail"]
    assert (await read(company, created.id)).api_url == simulator
    same = await owner.patch(path, json={"settings": {"api_url": simulator, "proxy_url": None}})
    assert same.status_code == 200, same.text
    given = await owner.patch(path, json={"settings": {"api_url": other}, "credentials": {"token": TOKEN}})
    assert (given.status_code, given.json()["settings"]["api_url"]) == (200, other)
