"""Pinyin and initials of the projects that were there before."""

from typing import Any

from django.db import migrations

from jurisdictions.spelling import spell


def spell_names(apps: Any, schema_editor: Any) -> None:
    projects = apps.get_model("projects", "Project").objects
    for project in projects.filter(pinyin="").exclude(name=""):
        spelling = spell(project.name)
        project.pinyin, project.initials = spelling.pinyin[:600], spelling.initials[:120]
        project.save(update_fields=["pinyin", "initials"])


class Migration(migrations.Migration):
    dependencies = [("projects", "0003_originals_of_old_attachments")]
    operations = [migrations.RunPython(spell_names, migrations.RunPython.noop, elidable=True)]
