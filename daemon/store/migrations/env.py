"""Alembic's entry: runs on the connection it is given, inside the caller's transaction.

A new revision: change `tables.py`, add `versions/<number>_<what>.py`, and its number to `REVISIONS` in `migrate.py`;
the store's tests prove that tables and revisions agree.
"""

from typing import Any, Literal

from alembic import context

from daemon.store.columns import UTCDateTime
from daemon.store.tables import METADATA


def _render_item(kind: str, item: Any, _autogen: object) -> str | Literal[False]:
    return "sa.DateTime()" if kind == "type" and isinstance(item, UTCDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    render_item=_render_item,
    compare_type=True,
)
context.run_migrations()
