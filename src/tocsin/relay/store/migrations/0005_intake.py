"""Mailboxes, and what the witness's page reads."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


def _coalition() -> models.ForeignKey[object, object]:
    return models.ForeignKey(
        "relay.coalition",
        db_constraint=False,
        db_index=False,
        on_delete=django.db.models.deletion.PROTECT,
    )


class Migration(migrations.Migration):
    dependencies = [("relay", "0004_filling")]

    operations = [
        migrations.CreateModel(
            "MailboxItem",
            [
                ("pk", models.CompositePrimaryKey("coalition_id", "name", primary_key=True, serialize=False)),
                ("name", models.BinaryField(max_length=32)),
                ("day", models.IntegerField()),
                ("content", models.BinaryField()),
                ("coalition", _coalition()),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            "PageText",
            [
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "coalition_id", "part", "serial", primary_key=True, serialize=False
                    ),
                ),
                ("part", models.CharField(max_length=8)),
                ("serial", models.BigIntegerField()),
                ("is_signed", models.BooleanField()),
                ("content", models.BinaryField()),
                ("coalition", _coalition()),
            ],
            options={"abstract": False},
        ),
    ]
