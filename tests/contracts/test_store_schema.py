"""A new database, a migrated one and the tables in the program have one and the same shape."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from fakes.source_records import MONDAY

from daemon.store.engine import make_engine, open_store
from daemon.store.errors import StoreError
from daemon.store.findings import record_findings
from daemon.store.migrate import HEAD, REVISIONS, SCRIPTS, create, migrate, upgrade
from rules.outcome import Finding, Level


def _shape(connection: sa.Connection) -> dict[str, object]:
    inspector = sa.inspect(connection)
    # Only SQLite reads columns in the order they stand in, and only there a revision can put one between others.
    in_order = list if connection.dialect.name == "sqlite" else sorted
    return {
        name: (
            in_order([(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(name)]),
            inspector.get_pk_constraint(name)["constrained_columns"],
            sorted((i["name"] or "", i["column_names"]) for i in inspector.get_indexes(name)),
            sorted((u["name"] or "", u["column_names"]) for u in inspector.get_unique_constraints(name)),
            sorted((f["constrained_columns"], f["referred_table"]) for f in inspector.get_foreign_keys(name)),
        )
        for name in sorted(inspector.get_table_names())
    }


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    return config


def test_the_revisions_lead_to_the_tables_of_the_program(store_url: str) -> None:
    engine = make_engine(store_url)
    with engine.begin() as connection:
        upgrade(connection)
        command.check(_config(connection))
    engine.dispose()


def test_a_new_database_is_shaped_like_one_that_went_through_every_revision(store_url: str) -> None:
    engine = make_engine(store_url)
    with engine.connect() as connection:
        with connection.begin() as undo:
            create(connection)
            made = _shape(connection)
            undo.rollback()
        with connection.begin():
            upgrade(connection)
            assert _shape(connection) == made
    engine.dispose()


def test_the_program_knows_every_revision_without_loading_alembic() -> None:
    scripts = ScriptDirectory(str(SCRIPTS))
    assert [script.revision for script in scripts.walk_revisions()][::-1] == list(REVISIONS)
    assert scripts.get_current_head() == HEAD
    source = ast.parse(Path(SCRIPTS.parent / "migrate.py").read_text(encoding="utf-8"))
    at_the_top = [node for node in source.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert not [node for node in at_the_top if "alembic" in ast.unparse(node)]


@pytest.mark.postgres
def test_a_server_that_takes_no_changes_is_told(postgresql_url: str) -> None:
    store = open_store(postgresql_url)
    with store.engine.begin() as connection:
        connection.execute(sa.text("ALTER DATABASE niggled SET default_transaction_read_only = on"))
    store.close()
    with pytest.raises(StoreError, match="takes no changes") as failure, store.session() as session:
        record_findings(session, "me", [Finding("R1", Level.WARN, "run:x", MONDAY)], MONDAY)
    assert "primary server" in failure.value.cure
    store.close()


@pytest.mark.postgres
def test_a_missing_database_is_told_with_the_words_of_the_server(postgresql_server: str) -> None:
    with pytest.raises(StoreError, match='database "nowhere" does not exist') as failure:
        open_store(postgresql_server.replace("/postgres?", "/nowhere?"))
    assert "database in [store] url" in failure.value.cure


def test_opening_a_second_time_changes_nothing(store_url: str) -> None:
    open_store(store_url).close()
    engine = make_engine(store_url)
    assert migrate(engine) is False
    engine.dispose()


def test_a_database_from_a_newer_niggled_is_left_alone(store_url: str) -> None:
    open_store(store_url).close()
    engine = make_engine(store_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="made by a newer niggled") as failure:
        open_store(store_url)
    assert "Install the newer version again" in failure.value.cure
    engine.dispose()


def test_a_record_survives_the_revisions_after_it(store_url: str) -> None:
    engine = make_engine(store_url)
    told = {"family": "run", "sport": "run", "start": MONDAY.replace(tzinfo=None), "distance_m": 10_000.0}
    with engine.begin() as connection:
        upgrade(connection, to="0002")
        tables = sa.MetaData()
        tables.reflect(connection)
        activities, records = tables.tables["activities"], tables.tables["source_records"]
        plain = _filled(activities, told | {"athlete": "me", "id": 7})
        connection.execute(activities.insert().values(plain))
        plain = _filled(records, told | {"id": 1, "athlete": "me", "activity_id": 7, "series": b"\x01\x02"})
        connection.execute(records.insert().values(plain))
    open_store(store_url).close()
    with engine.connect() as connection:
        row = connection.execute(
            sa.text("SELECT distance_m, activity_id, effort, series FROM source_records")
        )
        distance_m, activity_id, effort, series = row.one()
    engine.dispose()
    assert (distance_m, activity_id, effort, bytes(series)) == (10_000.0, 7, None, b"\x01\x02")


def _filled(table: sa.Table, values: dict[str, object]) -> dict[str, object]:
    """Values for every column that needs one."""
    needed = {column.name: column for column in table.columns if not column.nullable}
    plain = {name: _plain(column) for name, column in needed.items() if name not in values}
    return plain | values


def _plain(column: sa.Column[object]) -> object:
    kind = column.type.python_type
    return MONDAY.replace(tzinfo=None) if kind.__name__ == "datetime" else kind()
