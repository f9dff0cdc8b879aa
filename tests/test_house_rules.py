"""The walls of the house hold, and each is seen to catch the break it stands against."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

from tests.house_rules import layers, pages, shape, tasks
from tests.house_rules.house import Finding, House

Rule = Callable[[House], Iterator[Finding]]
Files = dict[str, str]

HOUSE = House(Path(__file__).parents[1])
BEAT = {"changzhi_eco/celery.py": 'schedule = {"drain": {"task": "progress.drain_rollups", "schedule": 15}}'}
TASK = '@shared_task(name="progress.drain_rollups")\ndef drain_rollups({}) -> None: ...'


def machine_path(folder: str) -> str:
    """A path as another machine would know it, put together here so that this file stays clean."""
    return f"/{folder}/portal"


#: For each rule, trees that break it; the first file of a tree is the one to be caught.
BREAKS: dict[Rule, list[Files]] = {
    layers.string_keys: [
        {"water/models.py": 'mine = models.ForeignKey("subsidence.Mine", models.PROTECT)'},
        {"projects/models.py": 'series = models.ManyToManyField(to="progress.Series")'},
        {"progress/models/entries.py": 'to = OneToOneField(Project, models.PROTECT, through="projects.Link")'},
    ],
    layers.writes_in_interfaces: [
        {"water/views.py": "Well.objects.create(name=name)"},
        {"progress/views/entry.py": "ProgressEntry.objects.filter(pk=pk).update(value=value)"},
        {"progress/api.py": "serializer.save()"},
        {"progress/forms.py": "entry.delete()"},
        {"progress/filters.py": "Series.objects.bulk_create(rows)"},
        {"projects/views.py": "Project.objects.update_or_create(code=code)"},
        {"projects/api.py": "await project.asave()"},
        {"accounts/views.py": 'cursor.execute("DELETE FROM accounts_duty")'},
    ],
    layers.writes_to_totals: [
        {"progress/services/entries.py": "from progress.models import RegionRollup\nRegionRollup.objects.create()"},
        {"progress/figures.py": "from progress.models import ProjectRollup\ncells.update(amount=0)"},
        {"progress/tasks.py": "from progress.models import PendingDelta\nPendingDelta.objects.all().delete()"},
        {"progress/audit.py": 'cursor.execute("UPDATE progress_regionrollup SET amount = 0")'},
        {"water/services.py": 'SQL = """insert into\n  progress_pendingdelta VALUES (1)"""'},
        {"progress/reset.py": 'f"TRUNCATE {RegionRollup._meta.db_table}"'},
        {"progress/migrations/0002_x.py": 'RunSQL("DELETE FROM ONLY progress_projectrollup")'},
    ],
    layers.clock_reads: [
        {"progress/services/entries.py": "at = timezone.now()"},
        {"projects/models.py": "started_at = models.DateTimeField(default=timezone.now)"},
        {"progress/rollups.py": "datetime.datetime.now(tz)"},
        {"progress/schedule.py": "on = date.today()"},
        {"accounts/receipts.py": "Receipt.objects.filter(created_at__lt=Now())"},
    ],
    layers.http_below_views: [
        {"progress/services/entries.py": "from django.http import Http404"},
        {"projects/models.py": "from django.shortcuts import get_object_or_404"},
        {"progress/rollups.py": "from django import http"},
    ],
    layers.float_fields: [
        {"water/models.py": "area_mu = models.FloatField()"},
        {"progress/api.py": "value = serializers.FloatField()"},
        {"progress/forms.py": "from django.forms import FloatField"},
    ],
    tasks.unnamed_tasks: [
        {"progress/tasks.py": "@shared_task\ndef drain(**_newer: object) -> None: ..."},
        {"progress/tasks.py": '@shared_task(name="water.drain")\ndef drain(**_newer: object) -> None: ...'},
        {"progress/tasks.py": '@app.task(name="progress.tasks.drain")\ndef drain(**_newer: object) -> None: ...'},
    ],
    tasks.positional_tasks: [
        {"progress/tasks.py": TASK.format("batch: int, **_newer: object")},
        {"progress/tasks.py": TASK.format("*batches: int, **_newer: object")},
        {"progress/tasks.py": TASK.format("*, batch: int")},
    ],
    tasks.unscheduled_tasks: [
        {"progress/tasks.py": TASK.format("**_newer: object")},
        {"accounts/tasks.py": '@shared_task(name="accounts.seal_audit")\ndef seal() -> None: ...', **BEAT},
    ],
    pages.orphan_templates: [
        {"templates/progress/lost.html": "", "progress/views.py": 'render(request, "progress/found.html")'},
        {"templates/progress/_part.html": "", "progress/views.py": 'render(request, "progress/_part.html")'},
        {"templates/progress/_tree.html": '{% include "progress/_tree.html" %}'},
    ],
    pages.inline_code: [
        {"templates/base.html": "<p>\n<script>go()</script>"},
        {"templates/base.html": "<style>p { color: red }</style>"},
        {"templates/base.html": '<p class="{{ a }}"\n   style="color: red">'},
        {"templates/base.html": '<button type="button" onclick="go()">'},
        {"templates/base.html": '<a href="javascript:go()">'},
        {"templates/base.html": '<div hx-on:click="go()">'},
        {"templates/base.html": "<div hx-vals='js:{a: b}'>"},
    ],
    pages.styles_too_new: [
        {"static/portal.css": ".light:has(.red) { color: red }"},
        {"static/vendor/kit/kit.css": "a { color: color-mix(in srgb, red, blue) }"},
    ],
    shape.long_files: [
        {"progress/figures.py": "x = 1\n" * 401},
        {"templates/base.html": "<br>\n" * 401},
        {"static/portal.js": ";\n" * 401},
    ],
    shape.long_functions: [
        {"progress/figures.py": "def total() -> None:\n" + "    x = 1\n" * 60},
        {"tests/test_figures.py": "async def test_total() -> None:\n" + "    x = 1\n" * 60},
    ],
    shape.clock_named_migrations: [{"water/migrations/0002_auto_20250121_0900.py": ""}],
    shape.strangers_on_top: [{"utils/dates.py": ""}, {"notes.txt": ""}],
    shape.traces_of_a_machine: [
        {"README.md": f"cd {machine_path('root')}"},
        {"docs/start.md": f"open {machine_path('home/anna')}"},
        {"Makefile": "pip install " + "--index-" + "url somewhere"},
        {"requirements.lock": "https://files.python" + "hosted.org/x"},
    ],
    shape.empty_words: [{"docs/glossary.md": "| 填报项 | `Series` |", "progress/models.py": "class Serieses: ..."}],
    shape.second_drivers: [{"requirements.lock": "psycopg==3.3.9"}, {"requirements-dev.lock": "psycopg-binary==3.3.9"}],
    shape.pretended_worlds: [
        {"tests/test_entries.py": "from unittest import mock"},
        {"tests/progress/test_rollups.py": "from unittest.mock import patch"},
        {"tests/progress/test_tasks.py": "def test_nudge(mocker: object) -> None: ..."},
        {"tests/conftest.py": 'monkeypatch.setattr(services, "drain", print)'},
        {"tests/test_worker.py": "app.conf.task_always_eager = True"},
    ],
}

#: Trees that come close to breaking a rule and keep it.
KEEPS: dict[Rule, list[Files]] = {
    layers.string_keys: [
        {"water/models.py": 'models.ForeignKey("self", models.PROTECT)\nmodels.ForeignKey("Well", models.PROTECT)'},
        {"water/migrations/0001_initial.py": 'models.ForeignKey(to="jurisdictions.region")'},
    ],
    layers.writes_in_interfaces: [
        {"water/views.py": 'context.update({"a": 1})\nsession.clear()\nsave(entry)'},
        {"water/services.py": "Well.objects.create(name=name)"},
    ],
    layers.writes_to_totals: [
        {"progress/rollups.py": 'from progress.models import RegionRollup\nSQL = "UPDATE progress_regionrollup SET"'},
        {"progress/figures.py": 'SQL = "SELECT 1 FROM progress_pendingdelta"'},
        {"progress/services/a.py": "from progress.models import LedgerLine, RegionRollup\nLedgerLine.objects.create()"},
        {"progress/migrations/0001_initial.py": 'RunSQL("INSERT INTO progress_pendingdelta SELECT")'},
    ],
    layers.clock_reads: [
        {"progress/views.py": "timezone.now()"},
        {"progress/services/a.py": "noon = datetime.time(12)\ntimezone.localtime(at)"},
    ],
    layers.http_below_views: [{"progress/views.py": "from django.http import Http404"}],
    tasks.unnamed_tasks: [{"progress/tasks.py": TASK.format("**_newer: object")}],
    tasks.positional_tasks: [{"progress/tasks.py": TASK.format("*, batch: int = 1, **_newer: object")}],
    tasks.unscheduled_tasks: [{"progress/tasks.py": TASK.format("**_newer: object"), **BEAT}],
    pages.orphan_templates: [
        {"templates/base.html": "", "templates/a.html": '{% extends "base.html" %}', "water/views.py": 'A = "a.html"'},
        {"templates/404.html": "", "templates/admin/base_site.html": ""},
    ],
    pages.inline_code: [
        {"templates/base.html": '{% with online=1 %}<script src="a.js" defer></script><p class="style">on = {{ a }}'},
    ],
    pages.styles_too_new: [{"static/portal.css": "/* no :has() or\noklch() here */ p { color: red }"}],
    shape.long_files: [{"static/vendor/htmx/htmx.js": ";\n" * 900, "water/models.py": "x = 1\n" * 400}],
    shape.strangers_on_top: [
        {".gitignore": "/var/\n*.log", "var/data": "", "run.log": "", "requirements-dev.lock": ""}
    ],
    shape.second_drivers: [{"requirements.lock": "psycopg2-binary==2.9.13 \\"}],
    shape.pretended_worlds: [
        {"tests/test_gate.py": 'import time_machine\nmonkeypatch.setattr(posting, "_until", 0.0)'}
    ],
}


def build(root: Path, files: Files) -> House:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return House(root)


def trees(samples: dict[Rule, list[Files]]) -> list[pytest.ParameterSet]:
    return [
        pytest.param(rule, files, id=f"{rule.__name__}-{next(iter(files))}")
        for rule, cases in samples.items()
        for files in cases
    ]


@pytest.mark.parametrize("rule", BREAKS, ids=lambda rule: rule.__name__)
def test_house_keeps_rule(rule: Rule) -> None:
    found = [f"{path}:{line} {why}" for path, line, why in rule(HOUSE)]

    assert not found, "\n".join(found)


@pytest.mark.parametrize(("rule", "files"), trees(BREAKS))
def test_broken_rule_is_caught(rule: Rule, files: Files, tmp_path: Path) -> None:
    house = build(tmp_path, files)

    caught = [finding.path for finding in rule(house)]

    assert caught == [next(iter(files))]


@pytest.mark.parametrize(("rule", "files"), trees(KEEPS))
def test_kept_rule_is_left_alone(rule: Rule, files: Files, tmp_path: Path) -> None:
    assert list(rule(build(tmp_path, files))) == []


def test_finding_names_the_line(tmp_path: Path) -> None:
    house = build(tmp_path, {"templates/base.html": "<p>\n{% comment\n%}\n<style>"})

    assert [finding.line for finding in pages.inline_code(house)] == [4]


def test_house_keys_point_downwards() -> None:
    assert list(layers.upward_keys(apps.get_models(include_auto_created=True))) == []


@isolate_apps("water", "subsidence", "progress", "jurisdictions")
def test_upward_and_sideways_keys_are_caught() -> None:
    def model(app: str, name: str, **fields: models.Field[object, object]) -> type[models.Model]:
        meta = type("Meta", (), {"app_label": app})
        return type(name, (models.Model,), {"__module__": f"{app}.models", "Meta": meta, **fields})

    place = model("jurisdictions", "Place")
    mine = model("subsidence", "Mine", place=models.ForeignKey(place, models.PROTECT))
    well = model("water", "Well", mines=models.ManyToManyField(mine))
    entry = model("progress", "Entry", well=models.OneToOneField(well, models.PROTECT))

    caught = [finding.why for finding in layers.upward_keys([place, mine, well, entry])]

    assert caught == ["Well.mines points to subsidence", "Entry.well points to water"]


def test_network_beyond_this_machine_is_refused() -> None:
    with pytest.raises(AssertionError, match=r"portal\.example"):
        socket.create_connection(("portal.example", 443), timeout=1)
    with pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        socket.socket().connect(("192.0.2.1", 443))
