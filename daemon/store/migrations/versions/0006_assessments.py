"""When each athlete is to be assessed next."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("athletes", sa.Column("assess_at", sa.DateTime(), nullable=True))
