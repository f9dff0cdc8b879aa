"""Celery's entries into this line; each may be lost, repeated or reordered without harm."""

from typing import Any

from celery import shared_task
from django.utils import timezone

from subsidence.services import proof, watch


@shared_task(name="subsidence.watch_mines")
def watch_mines(**_newer: Any) -> None:
    watch.watch(at=timezone.now())


@shared_task(name="subsidence.prove_chains")
def prove_chains(**_newer: Any) -> None:
    proof.prove(at=timezone.now())
