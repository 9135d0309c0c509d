"""What the runner told the watch after an activity: how hard it was, and how they felt."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("activities", sa.Column("effort", sa.Double(), nullable=True))
    op.add_column("activities", sa.Column("feel", sa.Integer(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        # SQLite reads a row from its beginning, so nothing small may stand behind the blobs: the table is made anew.
        with op.batch_alter_table("source_records", recreate="always") as table:
            table.add_column(sa.Column("effort", sa.Double(), nullable=True), insert_after="first_seen_at")
            table.add_column(sa.Column("feel", sa.Integer(), nullable=True), insert_after="effort")
    else:
        op.add_column("source_records", sa.Column("effort", sa.Double(), nullable=True))
        op.add_column("source_records", sa.Column("feel", sa.Integer(), nullable=True))
