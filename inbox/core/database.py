"""The database: declarative base, engine, and sessions that are fenced to workspaces.

A session is opened with a scope: the ids of the workspaces that the caller is a member of, or EVERY_WORKSPACE said
expressly (workers, migrations). `with_loader_criteria` adds the scope to every ORM select, update and delete, so that a
forgotten filter cannot show another client's row. Features never commit; `Database.transaction` does, at the edge.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from enum import Enum as PythonEnum
from typing import Final

from sqlalchemy import BigInteger, DateTime, Enum, ForeignKey, Identity, MetaData, Text, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, ORMExecuteState, Session, mapped_column, with_loader_criteria

from inbox.core.errors import SetupError

Json = dict[str, object]


class EveryWorkspace:
    """The type of EVERY_WORKSPACE."""


EVERY_WORKSPACE: Final = EveryWorkspace()
Scope = EveryWorkspace | frozenset[int]


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


class OfWorkspace:
    """A row of one workspace; every session's scope applies to it."""

    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))


def text_enum(kind: type[PythonEnum], name: str) -> Enum:
    """A text column with a CHECK for the values of `kind` (constraint `ck_<table>_<name>`)."""
    return Enum(
        kind, name=name, native_enum=False, create_constraint=True, length=32,
        values_callable=lambda members: [str(member.value) for member in members],
    )  # fmt: skip


@event.listens_for(Session, "do_orm_execute")
def _fence(state: ORMExecuteState) -> None:
    """Add the session's scope to every ORM statement; a session without a scope may not read."""
    if state.is_column_load or state.is_relationship_load:
        return
    scope = state.session.info.get("scope")
    if isinstance(scope, EveryWorkspace):
        return
    if not isinstance(scope, frozenset):
        raise SetupError("a session was opened without saying which workspaces it serves")
    if state.is_select or state.is_update or state.is_delete:
        allowed = tuple(scope)
        state.statement = state.statement.options(
            with_loader_criteria(OfWorkspace, lambda table: table.workspace_id.in_(allowed), include_aliases=True)
        )


def scope_of(workspace_ids: Iterable[int]) -> frozenset[int]:
    """The scope of a caller who is a member of these workspaces."""
    return frozenset(workspace_ids)


class Database:
    """An engine with its sessions. `url` is SQLAlchemy's, with the psycopg driver."""

    def __init__(self, url: str, *, pool_size: int = 8, max_overflow: int = 8) -> None:
        self.url = _with_driver(url)
        self.engine: AsyncEngine = create_async_engine(
            self.url, pool_size=pool_size, max_overflow=max_overflow, pool_pre_ping=True, pool_recycle=1800,
            hide_parameters=True,
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
