"""What the runner sends back: tokens of questions, what came in, and how far each channel has been read."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("messages", sa.Column("token", sa.String(), nullable=True))
    op.create_index(op.f("ix_messages_token"), "messages", ["token"], unique=True)
    op.add_column("deliveries", sa.Column("reference", sa.String(), nullable=True))
    op.create_table(
        "incoming",
        sa.Column("athlete", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("heard_at", sa.DateTime(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("message_key", sa.String(), nullable=True),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("confirmation", sa.String(), nullable=False),
        sa.Column("quiet", sa.Boolean(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("athlete", "channel", "id", name=op.f("pk_incoming")),
    )
    op.create_index(
        op.f("ix_incoming_athlete_channel_heard_at"), "incoming", ["athlete", "channel", "heard_at"]
    )
    op.create_index(op.f("ix_incoming_athlete_confirmed_at"), "incoming", ["athlete", "confirmed_at"])
    op.create_table(
        "hearing",
        sa.Column("athlete", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("position", sa.String(), nullable=True),
        sa.Column("strangers", sa.Integer(), nullable=False),
        sa.Column("last_stranger_at", sa.DateTime(), nullable=True),
        sa.Column("failing_since", sa.DateTime(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("athlete", "channel", name=op.f("pk_hearing")),
    )
