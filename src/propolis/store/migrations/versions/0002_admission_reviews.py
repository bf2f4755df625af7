"""What admission decided."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables of recorded reviews."""
    op.create_table(
        "admission_blobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admission_blobs")),
        sa.UniqueConstraint("digest", name=op.f("uq_admission_blobs_digest")),
    )
    op.create_index(op.f("ix_admission_blobs_used_at"), "admission_blobs", ["used_at"])
    op.create_table(
        "admission_reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("webhook", sa.String(length=8), nullable=False),
        sa.Column("chosen", sa.Text(), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("operation", sa.String(length=8), nullable=False),
        sa.Column("api_group", sa.String(length=253), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=253), nullable=False),
        sa.Column("outcomes", sa.JSON(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("answers_id", sa.Integer(), nullable=True),
        sa.Column("policies_id", sa.Integer(), nullable=False),
        *(
            sa.ForeignKeyConstraint([name], ["admission_blobs.id"], name=op.f(f"fk_admission_reviews_{name}"))
            for name in ("request_id", "answers_id", "policies_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admission_reviews")),
    )
    for name in ("at", "request_id", "answers_id", "policies_id"):
        op.create_index(op.f(f"ix_admission_reviews_{name}"), "admission_reviews", [name])
