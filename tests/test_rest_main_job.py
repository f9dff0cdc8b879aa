"""The example script in docs does the whole main job against a live portal, with only tokens."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from accounts.services.tokens import issue_token
from progress.models import ProgressEntry
from tests import factories as make

SCRIPT = Path(__file__).parents[1] / "docs" / "examples" / "rest_main_job.py"

pytestmark = pytest.mark.django_db(transaction=True)


def run(live_server: LiveServer, team: make.Team, **options: str) -> subprocess.CompletedProcess[str]:
    tokens = {
        f"{role.upper()}_TOKEN": issue_token(user=getattr(team, role), by=None)
        for role in ("clerk", "reviewer", "verifier")
    }
    command = [sys.executable, str(SCRIPT), *(part for name, value in options.items() for part in (f"--{name}", value))]
    environment = {**os.environ, **tokens, "PORTAL_URL": live_server.url, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_script_reports_and_prints_the_exact_change(live_server: LiveServer) -> None:
    today = timezone.localdate()
    month = make.period(today.year, today.month)
    series, team = make.series(region_code=make.TOWN), make.team()
    target = make.target(series.indicator, "70897.71")
    names = {"project": series.project.code, "indicator": series.indicator.code, "period": f"{today:%Y-%m}"}

    done = run(live_server, team, value="12.50", **names)
    again = run(live_server, team, value="12.50", **names)

    entry = ProgressEntry.objects.get()
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        f"{entry.pk} draft: 12.5 亩, {month}",
        f"{entry.pk} submitted",
        f"{entry.pk} reviewed",
        f"{entry.pk} verified",
        f"project {series.project.code}: 0 → 12.5 (+12.5 亩)",
        f"target {target.code}: 0 → 12.5 (+12.5 亩)",
    ]
    assert (done.returncode, again.returncode) == (0, 1)
    assert "409 already_entered" in again.stderr
