"""Redis or the worker dead: entry, review and figures go on; when they are back the pending tail drains by itself."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from knox.models import get_token_model

from accounts.models import User
from changzhi_eco.embedded.processes import Service
from changzhi_eco.embedded.servers import Redis, await_ready, free_port
from progress import rollups
from progress.models import PendingDelta, Series
from tests import factories as make
from tests import live

SCRIPT = settings.BASE_DIR / "docs" / "examples" / "rest_main_job.py"

pytestmark = [pytest.mark.battery, pytest.mark.django_db(transaction=True)]


def test_dead_redis_is_felt_by_nobody_and_drained_when_it_is_back(tmp_path: Path) -> None:
    redis, port, today = Redis(tmp_path / "redis", tmp_path), free_port(), timezone.localdate()
    series, team = make.series(), make.team()
    make.target(series.indicator, "602")
    make.period(today.year, today.month)

    with running(live.web(tmp_path, port, redis_url=redis.url)):
        done = main_job(series, team, port, "180.25")
        overview = page(port, team.verifier, "/overview/")

    assert done.returncode == 0, done.stderr
    assert "180.25" in overview
    assert total_of(series) == Decimal("180.25")
    assert PendingDelta.objects.exists()

    with running(redis.service()) as service, running(live.worker(tmp_path, redis_url=redis.url)):
        await_ready(redis, service)
        live.wait_until(lambda: not PendingDelta.objects.exists())
    assert total_of(series) == Decimal("180.25")
    assert rollups.audit_rollups().mismatches == ()


def test_dead_worker_is_felt_by_nobody_and_catches_up_when_it_is_back(tmp_path: Path) -> None:
    series = make.series()

    make.verified_entry(series, 180)

    assert total_of(series) == 180
    assert PendingDelta.objects.count() == 1
    with running(live.worker(tmp_path)):
        live.wait_until(lambda: not PendingDelta.objects.exists())
    assert total_of(series) == 180


def test_redis_that_dies_under_a_running_worker_is_found_again(tmp_path: Path) -> None:
    redis, series = Redis(tmp_path / "redis", tmp_path), make.series()
    with ExitStack() as programs:
        server = programs.enter_context(running(redis.service()))
        await_ready(redis, server)
        worker = programs.enter_context(running(live.worker(tmp_path, redis_url=redis.url)))
        live.await_start(worker)

        live.kill(server)
        make.verified_entry(series, 60)
        server.start()

        live.wait_until(lambda: not PendingDelta.objects.exists())
    assert total_of(series) == 60


@contextmanager
def running(service: Service) -> Iterator[Service]:
    service.start()
    try:
        yield service
    finally:
        service.stop()


def main_job(series: Series, team: make.Team, port: int, value: str) -> subprocess.CompletedProcess[str]:
    """The REST example as anybody would run it, from entering to the moved figures."""
    live.wait_until(lambda: answers(port))
    environment = {"PORTAL_URL": f"http://127.0.0.1:{port}", "NO_PROXY": "*"}
    for role in ("clerk", "reviewer", "verifier"):
        environment[f"{role.upper()}_TOKEN"] = get_token_model().objects.create(user=getattr(team, role))[1]
    options = ["--project", series.project.code, "--indicator", series.indicator.code]
    options += ["--period", f"{timezone.localdate():%Y-%m}", "--value", value]
    return subprocess.run(
        [sys.executable, SCRIPT, *options], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/"):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def page(port: int, person: User, path: str) -> str:
    """A page as the person sees it in a session of their own."""
    client = Client()
    client.force_login(person)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"Cookie": f"{cookie.key}={cookie.value}"}
    )
    with urllib.request.urlopen(request) as response:  # noqa: S310 - the portal under test
        text: str = response.read().decode()
        return text


def total_of(series: Series) -> Decimal:
    return rollups.totals([rollups.Ask(series.indicator_id, region=make.CITY)])[0].amount
