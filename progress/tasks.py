"""Celery's entries into progress; each may be lost, repeated or reordered without harm."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from progress import rollups
from progress.services import imports, periods, proof, reminders


@shared_task(name="progress.drain_rollups")
def drain_rollups(**_newer: Any) -> None:
    rollups.drain()


@shared_task(name="progress.audit_rollups")
def audit_rollups(**_newer: Any) -> None:
    proof.prove(at=timezone.now())


@shared_task(name="progress.ensure_periods")
def ensure_periods(**_newer: Any) -> None:
    periods.ensure_ahead(on=timezone.localdate())


@shared_task(name="progress.remind_clerks")
def remind_clerks(**_newer: Any) -> None:
    reminders.remind(at=timezone.now())


@shared_task(name="progress.continue_imports")
def continue_imports(**_newer: Any) -> None:
    imports.continue_waiting(at=timezone.now())
