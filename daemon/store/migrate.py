"""Bringing a database to the shape this program knows, by the program itself.

Alembic costs 40 MB and a fifth of a second, so it is loaded only where an older database has to change; a new one is
made from the tables directly, and a test proves that both ways end in the same shape.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from daemon.store.errors import StoreError
from daemon.store.tables import METADATA

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006")
"""Every revision of `migrations/versions`, oldest first."""

HEAD = REVISIONS[-1]

SCRIPTS = Path(__file__).parent / "migrations"

_VERSION = sa.Table("alembic_version", sa.MetaData(), sa.Column("version_num", sa.String(32), nullable=False))
_LOCK = 0x6E69_6767_6C65  # any number, as long as every niggled uses the same


def migrate(engine: sa.Engine) -> bool:
    """Make or change the tables where needed; True if anything was done.

    All in one transaction, so a kill leaves the old shape. Raises StoreError for a database from a newer program.
    """
    with engine.connect() as connection:
        if stored_revision(connection) == HEAD:
            return False
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        stored = stored_revision(connection)
        if stored == HEAD:
            return False
        if stored is None:
            create(connection)
        elif stored in REVISIONS:
            upgrade(connection)
        else:
            raise StoreError(
                "The database cannot be used.",
                f"It was made by a newer niggled (its shape is {stored}, this program knows up to {HEAD}).",
                "Install the newer version again, or restore a backup made by this one.",
            )
    return True


def create(connection: sa.Connection) -> None:
    """All tables at once, in an empty database."""
    METADATA.create_all(connection)
    # Alembic's own table, as Alembic makes it.
    connection.execute(
        sa.text(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
            "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
    )
    connection.execute(_VERSION.insert().values(version_num=HEAD))


def upgrade(connection: sa.Connection, to: str = "head") -> None:
    """Run the revisions that are missing, inside the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def stored_revision(connection: sa.Connection) -> str | None:
    """The revision that a database is at; None for an empty one."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    return connection.execute(sa.select(_VERSION.c.version_num)).scalar_one_or_none()
