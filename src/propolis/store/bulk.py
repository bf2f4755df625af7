"""Rows by the thousand."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]], how: str = "") -> None:
    """Inserts rows that have the columns of a table in their order, as SQLite's driver takes values.

    The statement is compiled here and given to the driver with plain tuples: ten times the rows a
    second of one that SQLAlchemy binds row by row.

    Args:
        connection: In a transaction.
        table: Where to.
        rows: Any number of them.
        how: A word after INSERT: ``OR REPLACE``.
    """
    if not rows:
        return
    statement = insert(table).prefix_with(how) if how else insert(table)
    connection.exec_driver_sql(str(statement.compile(dialect=connection.dialect)), list(rows))
