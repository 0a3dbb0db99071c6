"""Which records brought the rolls that are there, found by the mark in each header, and guarded as all else is."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models.functions import Substr

TABLE = "relay_rollplace"

SQLITE = "CREATE TRIGGER {table}_no_{event} BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, 'append-only'); END"

POSTGRESQL = """
CREATE TRIGGER {table}_no_{event} BEFORE {event} ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION relay_append_only()
"""


def find_places(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Founding and roll records are marked 1 and 2 in their second byte; the n-th of a ledger brought version n."""
    headers, places = apps.get_model("relay", "HeaderRow"), apps.get_model("relay", "RollPlace")
    marked = headers.objects.annotate(mark=Substr("clear", 2, 1, output_field=models.BinaryField())).exclude(
        mark=b"\x00"
    )
    versions: dict[int, int] = {}
    for coalition, number in marked.order_by("coalition", "number").values_list("coalition", "number"):
        versions[coalition] = versions.get(coalition, 0) + 1
        places.objects.create(coalition_id=coalition, version=versions[coalition], number=number)


def guard(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Put the triggers in place."""
    on_sqlite = editor.connection.vendor == "sqlite"
    for event in ("UPDATE", "DELETE") if on_sqlite else ("UPDATE", "DELETE", "TRUNCATE"):
        editor.execute((SQLITE if on_sqlite else POSTGRESQL).format(table=TABLE, event=event))


class Migration(migrations.Migration):
    dependencies = [("relay", "0002_append_only")]

    operations = [
        migrations.CreateModel(
            name="RollPlace",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "coalition_id",
                        "version",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("version", models.IntegerField()),
                ("number", models.BigIntegerField()),
                (
                    "coalition",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="relay.coalition",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.RunPython(find_places, elidable=False),
        migrations.RunPython(guard, elidable=False),
    ]
