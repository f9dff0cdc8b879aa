"""Orchards have a work of their own: 栽植果树."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("subsidence", "0006_parcel_imports")]
    operations = [
        migrations.AlterField(
            "work",
            "kind",
            models.CharField(
                choices=[
                    ("strip_topsoil", "剥离表土"),
                    ("fill", "客土填充"),
                    ("drainage", "给水排水"),
                    ("cover_topsoil", "覆熟土"),
                    ("sow", "复种"),
                    ("level", "土地平整"),
                    ("plant_trees", "植树造林"),
                    ("plant_orchard", "栽植果树"),
                    ("plant_grass", "种草"),
                    ("bank", "护岸整治"),
                    ("foundation", "地基处理"),
                ],
                max_length=16,
                verbose_name="工序",
            ),
        )
    ]
