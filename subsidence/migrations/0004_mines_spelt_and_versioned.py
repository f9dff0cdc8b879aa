"""Mines are found by pinyin, and a description of one names the version it was made on."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subsidence", "0003_stock_movements")]
    operations = [
        migrations.AddField(
            "mine",
            "pinyin",
            models.CharField(blank=True, default="", editable=False, max_length=600, verbose_name="拼音"),
            preserve_default=False,
        ),
        migrations.AddField(
            "mine",
            "initials",
            models.CharField(blank=True, default="", editable=False, max_length=120, verbose_name="拼音首字母"),
            preserve_default=False,
        ),
        migrations.AddField(
            "mine", "version", models.PositiveIntegerField(default=1, editable=False, verbose_name="版本")
        ),
    ]
