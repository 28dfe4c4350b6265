"""`python -m linestop.deployments.prefect_server …`: Prefect's server with SQLite transactions that wait their turn.

Prefect begins a transaction as a reader and turns it into a writer at its first write. SQLite refuses that at once
(`database is locked`) while another transaction writes, however long it was told to wait; the server answers 503, and
the client sleeps two seconds and more before it asks again: half of a short run's time. A transaction that begins as a
writer waits for the few milliseconds that the other needs. Everything else is `prefect server start` and its options.
"""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from prefect.server.database import dependencies
from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.server.utilities.database import get_dialect
from prefect.settings import get_current_settings
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction


class PatientSqlite(AioSqliteConfiguration):
    """Prefect's configuration of SQLite, with transactions that begin as writers."""

    @asynccontextmanager
    async def begin_transaction(
        self,
        session: AsyncSession,
        with_for_update: bool = False,  # noqa: ARG002, FBT001, FBT002  # their signature
    ) -> AsyncGenerator[AsyncSessionTransaction, None]:
        """Begin a transaction that waits for the one that writes, as long as the connection's busy time-out."""
        async with super().begin_transaction(session, with_for_update=True) as transaction:
            yield transaction


def main() -> None:
    """Run the server, on PostgreSQL as Prefect does, on SQLite with our transactions."""
    from prefect.cli import app  # noqa: PLC0415  # it reads the settings

    url = get_current_settings().server.database.connection_url
    if url and get_dialect(url.get_secret_value()).name == "sqlite":
        dependencies.MODELS_DEPENDENCIES["database_config"] = PatientSqlite(connection_url=url.get_secret_value())
    sys.argv[1:1] = ["server", "start"]
    app()


if __name__ == "__main__":
    main()
