"""A project into the archive and back, and what waits to be done then."""

from sqlalchemy import text

from inbox.core.database import EVERY_WORKSPACE
from tests.company import Company

API = "/api/v1/workspaces"


async def jobs(company: Company) -> list[str]:
    """The names of what waits, oldest first; forgotten by this."""
    async with company.context.transaction(EVERY_WORKSPACE) as session:
        found = await session.scalars(text("select task_name from procrastinate_jobs order by id"))
        names = list(found)
        await session.execute(text("delete from procrastinate_jobs"))
        return names


async def archive(company: Company, *, archived: bool = True) -> None:
    """By its owner, over the API; False: back."""
    owner = await company.client_of("owner")
    answer = await owner.patch(f"{API}/{company.workspace_id}", json={"archived": archived})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["archived_at"] is not None) is archived
