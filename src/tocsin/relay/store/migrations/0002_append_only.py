"""Headers, nodes and rolls are only ever added: the database itself refuses anything else.

A guard against our own mistakes; against people there are signatures and co-signed heads.
"""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

GUARDED = ("relay_headerrow", "relay_node", "relay_rollversion")

SQLITE = """
CREATE TRIGGER {table}_no_{event} BEFORE {event} ON {table}
BEGIN SELECT RAISE(ABORT, 'append-only'); END
"""

POSTGRESQL_FUNCTION = """
CREATE FUNCTION relay_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""

POSTGRESQL = """
CREATE TRIGGER {table}_no_{event} BEFORE {event} ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION relay_append_only()
"""


def guard(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Put the triggers in place."""
    if editor.connection.vendor == "sqlite":
        statements = [
            SQLITE.format(table=table, event=event) for table in GUARDED for event in ("UPDATE", "DELETE")
        ]
    else:
        events = ("UPDATE", "DELETE", "TRUNCATE")
        statements = [POSTGRESQL_FUNCTION]
        statements += [POSTGRESQL.format(table=table, event=event) for table in GUARDED for event in events]
    for statement in statements:
        editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("relay", "0001_initial")]

    operations = [migrations.RunPython(guard, elidable=False)]
