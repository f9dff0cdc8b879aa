"""Files stored before photos were made anew are kept as they came: what is kept is the original."""

from django.db import migrations

FILL = "UPDATE projects_attachment SET original_sha256 = sha256 WHERE original_sha256 = ''"


class Migration(migrations.Migration):
    dependencies = [("projects", "0002_photo_facts_and_spelling")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
