"""A change of a point or of a reading names the version it was made on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subsidence", "0004_mines_spelt_and_versioned")]
    operations = [
        migrations.AddField(
            name, "version", models.PositiveIntegerField(default=1, editable=False, verbose_name="版本")
        )
        for name in ("subsidencepoint", "reading")
    ]
