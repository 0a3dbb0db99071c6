"""The relay's tables, as models.py describes them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Coalition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.BinaryField(max_length=32, unique=True)),
                ("size", models.BigIntegerField()),
                ("root", models.BinaryField(max_length=32)),
                ("day", models.IntegerField()),
                ("signature", models.BinaryField(max_length=64)),
                ("peaks", models.BinaryField()),
                ("roll_version", models.IntegerField()),
                ("swept_on", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Lodging",
            fields=[
                ("code_hash", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("used_by", models.BinaryField(max_length=32, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="BodyRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "coalition_id",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("number", models.BigIntegerField()),
                ("content", models.BinaryField()),
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
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AuthorTip",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "coalition_id",
                        "device",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("device", models.BigIntegerField()),
                ("chain", models.BigIntegerField()),
                ("previous", models.BinaryField(max_length=32)),
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
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CosignatureRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "coalition_id",
                        "device",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("device", models.BigIntegerField()),
                ("size", models.BigIntegerField()),
                ("root", models.BinaryField(max_length=32)),
                ("signature", models.BinaryField(max_length=64)),
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
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="FolderItem",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "coalition_id",
                        "day",
                        "kind",
                        "hash",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("day", models.IntegerField()),
                ("kind", models.SmallIntegerField()),
                ("hash", models.BinaryField(max_length=32)),
                ("content", models.BinaryField()),
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
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="KeyRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "coalition_id",
                        "device",
                        "purpose",
                        "period",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("device", models.BigIntegerField()),
                ("purpose", models.SmallIntegerField()),
                ("period", models.BigIntegerField()),
                ("ends_on", models.BigIntegerField(db_index=True)),
                ("content", models.BinaryField()),
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
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Node",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "coalition_id",
                        "level",
                        "index",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("level", models.SmallIntegerField()),
                ("index", models.BigIntegerField()),
                ("hash", models.BinaryField(max_length=32)),
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
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="RollVersion",
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
                ("content", models.BinaryField()),
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
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Usage",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "coalition_id",
                        "day",
                        "what",
                        "device",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("day", models.IntegerField()),
                ("what", models.CharField(max_length=16)),
                ("device", models.BigIntegerField()),
                ("n_items", models.BigIntegerField()),
                ("n_bytes", models.BigIntegerField()),
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
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="HeaderRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "coalition_id",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("number", models.BigIntegerField()),
                ("device", models.BigIntegerField()),
                ("chain", models.BigIntegerField()),
                ("clear", models.BinaryField()),
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
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("coalition", "device", "chain"), name="relay_one_record_per_chain_number"
                    )
                ],
            },
        ),
    ]
