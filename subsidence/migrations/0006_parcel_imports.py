"""Imports of parcels; and a parcel whose chain never began may go, with the requests that nobody approved."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import projects.models

STATUSES = [
    ("waiting", "等待检查"),
    ("checking", "检查中"),
    ("refused", "文件不能导入"),
    ("checked", "待确认"),
    ("confirmed", "等待写入"),
    ("saved", "已导入"),
    ("undone", "已撤销"),
]
OUTCOMES = [("new", "新增"), ("changed", "变更"), ("same", "相同"), ("conflict", "冲突"), ("error", "有误")]

GUARD = """
CREATE OR REPLACE FUNCTION subsidence_guard_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND {exception} THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.status <> 'pending' THEN
        PERFORM subsidence_refuse('a request stays on record, and once decided as it is');
    END IF;
    RETURN NEW;
END $$;
"""
IS_DEMO = "EXISTS (SELECT FROM subsidence_parcel WHERE id = OLD.parcel_id AND is_demo)"
# what was asked for a parcel that never had a chain goes with the parcel: nothing was ever counted
HAS_NO_CHAIN = "(OLD.is_demo OR NOT EXISTS (SELECT FROM subsidence_parcelstage WHERE parcel_id = OLD.parcel_id))"


class Migration(migrations.Migration):
    dependencies = [
        ("subsidence", "0005_points_and_readings_versioned"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="ParcelImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200, verbose_name="文件名")),
                ("file", models.FileField(upload_to=projects.models.random_path, verbose_name="文件")),
                ("sha256", models.CharField(max_length=64)),
                ("size", models.PositiveIntegerField(verbose_name="字节数")),
                ("status", models.CharField(choices=STATUSES, max_length=9, verbose_name="状态")),
                ("refusal", models.CharField(blank=True, max_length=500, verbose_name="原因")),
                ("rows", models.PositiveIntegerField(default=0, verbose_name="行数")),
                ("columns", models.JSONField(default=dict, verbose_name="列")),
                ("counts", models.JSONField(default=dict, verbose_name="结果")),
                ("received_at", models.DateTimeField(verbose_name="上传时间")),
                ("saved_at", models.DateTimeField(null=True, verbose_name="导入时间")),
                ("undone_at", models.DateTimeField(null=True, verbose_name="撤销时间")),
                (
                    "imported_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="导入人",
                    ),
                ),
            ],
            options={"verbose_name": "图斑导入", "verbose_name_plural": "图斑导入"},
        ),
        migrations.CreateModel(
            name="ParcelImportRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("row", models.PositiveIntegerField(verbose_name="行号")),
                ("outcome", models.CharField(choices=OUTCOMES, max_length=8, verbose_name="结果")),
                ("version", models.PositiveIntegerField(null=True)),
                ("texts", models.JSONField()),
                ("before", models.JSONField(null=True)),
                ("errors", models.JSONField(default=list)),
                (
                    "parcel",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="subsidence.parcel",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="subsidence.parcelimport",
                    ),
                ),
            ],
            options={
                "verbose_name": "导入行",
                "verbose_name_plural": "导入行",
                "constraints": [models.UniqueConstraint(fields=("run", "row"), name="parcel_import_row_once")],
            },
        ),
        migrations.RunSQL(GUARD.format(exception=f"({IS_DEMO} OR {HAS_NO_CHAIN})"), GUARD.format(exception=IS_DEMO)),
    ]
