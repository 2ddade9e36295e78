"""The database: declarative base, engine, and sessions that are fenced to workspaces.

A session is opened with a scope: the ids of the workspaces that the caller is a member of, or EVERY_WORKSPACE said
expressly (workers, migrations). `with_loader_criteria` adds the scope to every ORM select, update and delete, so that a
forgotten filter cannot show another client's row; what it cannot see through is refused: Core statements on tables of
workspaces, statements as text, and flushing a row of a workspace outside the scope. Features never commit;
`Database.transaction` does, at the edge.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from enum import Enum as PythonEnum
from functools import lru_cache
from typing import Final

from sqlalchemy import (
    BigInteger,
    ClauseElement,
    DateTime,
    Enum,
    Executable,
    ForeignKey,
    Identity,
    MetaData,
    Table,
    Text,
    TextClause,
    event,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    UOWTransaction,
    mapped_column,
    with_loader_criteria,
)  # fmt: skip
from sqlalchemy.sql import visitors
from sqlalchemy.sql.base import ExecutableOption

from inbox.core.errors import SetupError

Json = dict[str, object]

CONNECTING: Final = {
    "connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}  # fmt: skip
"""libpq's: a server that vanished without a word is noticed (seconds; milliseconds)."""


class EveryWorkspace:
    """The type of EVERY_WORKSPACE."""


EVERY_WORKSPACE: Final = EveryWorkspace()
Scope = EveryWorkspace | frozenset[int]
OVER_ALL: Final = "over_all_workspaces"
"""The execution option of a statement that no session's scope narrows: for sums that name no row of a workspace."""


class Base(DeclarativeBase):
    """Root of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: DateTime(timezone=True), str: Text(), int: BigInteger(), Json: JSONB()}  # noqa: RUF012


class HasId:
    """A bigint identity as the primary key."""

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)


class NamesWorkspace:
    """A table with a `workspace_id` of its own making; every session's scope applies to it."""

    workspace_id: Mapped[int | None] = mapped_column()


class OfWorkspace(NamesWorkspace):
    """A row of one workspace."""

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))


def text_enum(kind: type[PythonEnum], name: str) -> Enum:
    """A text column with a CHECK for the values of `kind` (constraint `ck_<table>_<name>`)."""
    return Enum(
        kind, name=name, native_enum=False, create_constraint=True, length=32,
        values_callable=lambda members: [str(member.value) for member in members],
    )  # fmt: skip


@event.listens_for(Session, "do_orm_execute")
def _fence(state: ORMExecuteState) -> None:
    """Add the session's scope to every ORM statement; a session without a scope may not read.

    Relationship loads carry the criteria of the query that loaded their parent.
    """
    scope = state.session.info.get("scope")
    if isinstance(scope, EveryWorkspace) or state.execution_options.get(OVER_ALL):
        return
    if not isinstance(scope, frozenset):
        raise SetupError("a session was opened without saying which workspaces it serves")
    if not state.is_orm_statement:
        _refuse_what_no_fence_holds(state.statement)
    if state.is_column_load or state.is_relationship_load:
        return
    if state.is_select or state.is_update or state.is_delete:
        state.statement = state.statement.options(_within(scope))


@lru_cache(maxsize=1024)
def _within(scope: frozenset[int]) -> ExecutableOption:
    """What narrows a statement to these workspaces; made once, since a page makes twenty statements."""
    allowed = tuple(scope)
    return with_loader_criteria(NamesWorkspace, lambda table: table.workspace_id.in_(allowed), include_aliases=True)


def _refuse_what_no_fence_holds(statement: Executable) -> None:
    if isinstance(statement, TextClause):
        raise SetupError("a session of some workspaces runs no statements as text: the fence cannot read them")
    for part in visitors.iterate(statement) if isinstance(statement, ClauseElement) else ():
        if isinstance(part, Table) and "workspace_id" in part.c:
            raise SetupError(f"a session of some workspaces reads {part.name} by its model, so that the fence holds")


@event.listens_for(Session, "before_flush")
def _fence_rows(session: Session, _context: UOWTransaction, _objects: object) -> None:
    """No row is written into, or out of, a workspace that the session does not serve."""
    scope = session.info.get("scope")
    if not isinstance(scope, frozenset):
        return
    for row in (*session.new, *session.dirty):
        workspace_id = getattr(row, "workspace_id", None)
        if isinstance(row, NamesWorkspace) and workspace_id is not None and workspace_id not in scope:
            raise SetupError(f"a row of workspace {workspace_id} was written by a session that does not serve it")


def scope_of(workspace_ids: Iterable[int]) -> frozenset[int]:
    """The scope of a caller who is a member of these workspaces."""
    return frozenset(workspace_ids)


class Database:
    """An engine with its sessions. `url` is SQLAlchemy's, with the psycopg driver.

    The connection that was used last is taken first: what PostgreSQL remembers for each (catalogue, plans: megabytes)
    gathers in the few that calm times need, and not in all of the pool in turn.
    """

    def __init__(self, url: str, *, pool_size: int = 8, max_overflow: int = 8) -> None:
        self.url = _with_driver(url)
        self.engine: AsyncEngine = create_async_engine(
            self.url, pool_size=pool_size, max_overflow=max_overflow, pool_pre_ping=True, pool_recycle=1800,
            pool_use_lifo=True, hide_parameters=True, connect_args=CONNECTING,
        )  # fmt: skip
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self, scope: Scope) -> AsyncIterator[AsyncSession]:
        """One transaction: commits when the block ends, rolls back when it raises."""
        async with self._sessions(info={"scope": scope}) as session, session.begin():
            yield session

    @asynccontextmanager
    async def session(self, scope: Scope | None = None) -> AsyncIterator[AsyncSession]:
        """A session whose edge commits by itself (`scope` may be set later by `enter_scope`)."""
        async with self._sessions(info={} if scope is None else {"scope": scope}) as session:
            yield session

    async def close(self) -> None:
        """Give back all connections."""
        await self.engine.dispose()


def enter_scope(session: AsyncSession, scope: Scope) -> None:
    """Set whose rows this session may see, once the caller is known."""
    session.info["scope"] = scope


def _with_driver(url: str) -> str:
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def libpq_url(url: str) -> str:
    """The same address as libpq and procrastinate want it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
