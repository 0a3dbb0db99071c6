"""A ledger says whether it is being filled again after a loss."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("relay", "0003_rollplace")]

    operations = [
        migrations.AddField("coalition", "filling", models.BooleanField(default=False)),
    ]
