"""The tables. A change here needs a migration beside it; a test compares the two."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no zone, so it is taken off and put back."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """To UTC without a zone."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Back to UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

LIVE = "live"
"""State of a run that goes on: a process watches the cluster."""

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("cluster", String(253), nullable=False),
    # running, stored, failed, interrupted, live
    Column("state", String(16), nullable=False),
    Column("started_at", UtcDateTime(), nullable=False),
    Column("finished_at", UtcDateTime()),
    # What was read: paths, or the context of a kubeconfig.
    Column("inputs", JSON, nullable=False),
    # Counts by severity, outcome and change; total points.
    Column("summary", JSON, nullable=False),
    # Input that could not be used: place and text.
    Column("problems", JSON, nullable=False),
    Index(None, "cluster", "state"),
)

rules = Table(
    "rules",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("source", String(64), nullable=False),
    Column("policy", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("category", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("remediation", Text, nullable=False),
    Column("scored", Boolean, nullable=False),
)

resources = Table(
    "resources",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("cluster", String(253), nullable=False, index=True),
    Column("api_version", Text, nullable=False),
    Column("kind", String(253), nullable=False),
    Column("namespace", String(253), nullable=False),
    Column("name", Text, nullable=False),
    Column("uid", String(64), nullable=False),
    Column("origin_path", Text, nullable=False),
    Column("origin_line", Integer, nullable=False),
    Column("team", Text, nullable=False),
    # The workload that the resource counts for (itself, or its top owner); null for others.
    Column("workload_key", Text),
)

findings = Table(
    "findings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fingerprint", LargeBinary(16), nullable=False, unique=True),
    Column("rule_id", Integer, ForeignKey("rules.id"), nullable=False),
    Column("resource_id", Integer, ForeignKey("resources.id"), nullable=False, index=True),
    Column("subject", Text, nullable=False),
    Column("outcome", String(8), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("evidence", Text),
    # Key of the change that resolves it.
    Column("remedy", Text, nullable=False),
    # The run since which it has this outcome, and the revision of its last change.
    Column("since_run", Integer, ForeignKey("runs.id"), nullable=False),
    Column("revision", Integer, nullable=False, index=True),
    # A tombstone: the finding is gone since this revision.
    Column("deleted_revision", Integer),
    Index("ix_findings_live", "outcome", "severity", sqlite_where=Column("deleted_revision").is_(None)),
)

changes = Table(
    "changes",
    metadata,
    Column("run_id", Integer, ForeignKey("runs.id"), primary_key=True),
    Column("finding_id", Integer, ForeignKey("findings.id"), primary_key=True),
    # new or fixed
    Column("change", String(8), nullable=False),
)

workloads = Table(
    "workloads",
    metadata,
    Column("resource_id", Integer, ForeignKey("resources.id"), primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.id"), nullable=False, index=True),
    Column("score", Integer, nullable=False),
    Column("points", Float, nullable=False),
    Column("factors", JSON, nullable=False),
    Column("weaknesses", JSON, nullable=False),
)

fixes = Table(
    "fixes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.id"), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("how", Text, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("findings", Integer, nullable=False),
    Column("points", Float, nullable=False),
    # The resources to change, by key, each with its number of findings.
    Column("resources", JSON, nullable=False),
    UniqueConstraint("run_id", "rank"),
)

images = Table(
    "images",
    metadata,
    Column("resource_id", Integer, ForeignKey("resources.id"), primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.id"), nullable=False, index=True),
    Column("digest", String(80), nullable=False),
    Column("names", JSON, nullable=False),
    Column("distribution", Text, nullable=False),
    # Layers, packages, what is known of each ecosystem, problems.
    Column("content", JSON, nullable=False),
)

image_uses = Table(
    "image_uses",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.id"), nullable=False),
    Column("resource_id", Integer, ForeignKey("resources.id"), nullable=False, index=True),
    Column("container", Text, nullable=False),
    Column("reference", Text, nullable=False),
    # Null where the image was not scanned.
    Column("image_id", Integer, ForeignKey("resources.id"), index=True),
)

revisions = Table(
    "revisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Integer, ForeignKey("runs.id"), nullable=False),
)

admission_blobs = Table(
    "admission_blobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    # JSON, deflated: a request, the answers to look-ups, or which policies there were.
    Column("body", LargeBinary, nullable=False),
    # When a review named it last, give or take half a day.
    Column("used_at", UtcDateTime(), nullable=False, index=True),
)

admission_reviews = Table(
    "admission_reviews",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime(), nullable=False, index=True),
    # mutate or validate, and the policies asked: fail, ignore or all.
    Column("webhook", String(8), nullable=False),
    Column("chosen", Text, nullable=False),
    Column("allowed", Boolean, nullable=False),
    Column("operation", String(8), nullable=False),
    Column("api_group", String(253), nullable=False),
    Column("version", String(64), nullable=False),
    Column("kind", String(253), nullable=False),
    # Policies that did not let it pass, each with rule, outcome, whether it refused, message.
    Column("outcomes", JSON, nullable=False),
    Column("request_id", Integer, ForeignKey("admission_blobs.id"), nullable=False, index=True),
    Column("answers_id", Integer, ForeignKey("admission_blobs.id"), index=True),
    Column("policies_id", Integer, ForeignKey("admission_blobs.id"), nullable=False, index=True),
)
