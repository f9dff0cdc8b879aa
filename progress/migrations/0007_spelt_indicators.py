"""Pinyin and initials of the indicators that were there before."""

from typing import Any

from django.db import migrations

from jurisdictions.spelling import spell


def spell_names(apps: Any, schema_editor: Any) -> None:
    indicators = apps.get_model("progress", "Indicator").objects
    for indicator in indicators.filter(pinyin=""):
        spelling = spell(indicator.name)
        indicator.pinyin, indicator.initials = spelling.pinyin[:400], spelling.initials[:80]
        indicator.save(update_fields=["pinyin", "initials"])


class Migration(migrations.Migration):
    dependencies = [("progress", "0006_series_periods")]
    operations = [migrations.RunPython(spell_names, migrations.RunPython.noop, elidable=True)]
