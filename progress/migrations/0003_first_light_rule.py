"""The first version of the light thresholds: yellow below 95 % of the plan to date, red below 80 %."""

import datetime
from decimal import Decimal

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def add_rule(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("progress", "LightRule").objects.create(
        n=1,
        warn_below=Decimal("0.95"),
        late_below=Decimal("0.80"),
        recorded_at=datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC),
    )


def remove_rule(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("progress", "LightRule").objects.filter(n=1).delete()


class Migration(migrations.Migration):
    dependencies = [("progress", "0002_guards_and_marks")]

    operations = [migrations.RunPython(add_rule, remove_rule)]
