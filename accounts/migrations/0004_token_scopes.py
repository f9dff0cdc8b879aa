"""What restricted data a token may be told."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_messages_and_saved_filters"),
        ("knox", "0009_extend_authtoken_field"),
    ]
    operations = [
        migrations.CreateModel(
            name="TokenScope",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "scope",
                    models.CharField(choices=[("coordinates", "坐标")], max_length=20, verbose_name="范围"),
                ),
                (
                    "token",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scopes",
                        to="knox.authtoken",
                        verbose_name="令牌",
                    ),
                ),
            ],
            options={
                "verbose_name": "令牌范围",
                "verbose_name_plural": "令牌范围",
                "constraints": [models.UniqueConstraint(fields=("token", "scope"), name="token_scope_once")],
            },
        ),
    ]
