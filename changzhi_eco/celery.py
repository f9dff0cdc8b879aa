"""The task queue: a task may be lost, repeated or reordered without a figure becoming wrong."""

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "changzhi_eco.settings")

#: Seconds until Redis hands an unacknowledged task to another worker; Celery reads it in three places.
VISIBILITY_TIMEOUT = 600

#: What runs when. A run nobody picked up in time expires, for the next one does the same work.
SCHEDULE = {
    "roll up what is pending": {"task": "progress.drain_rollups", "schedule": 15, "options": {"expires": 15}},
    "seal the audit trail": {"task": "accounts.seal_audit", "schedule": 15, "options": {"expires": 15}},
    "go on with imports": {"task": "progress.continue_imports", "schedule": 15, "options": {"expires": 15}},
    "prove the roll-ups": {"task": "progress.audit_rollups", "schedule": crontab(hour="2", minute="30")},
    "prove the chains": {"task": "subsidence.prove_chains", "schedule": crontab(hour="2", minute="40")},
    "watch the mines": {"task": "subsidence.watch_mines", "schedule": crontab(hour="3", minute="0")},
    "open new periods": {"task": "progress.ensure_periods", "schedule": crontab(hour="0", minute="10")},
    # Nobody is told twice, so the later runs only make up for an earlier one that was lost.
    "remind of what is due": {"task": "progress.remind_clerks", "schedule": crontab(hour="8-10", minute="0")},
}


def configuration() -> dict[str, Any]:
    """Read at first use: this module is imported before the settings are."""
    impatient = {"socket_timeout": 2, "socket_connect_timeout": 2, "visibility_timeout": VISIBILITY_TIMEOUT}
    return {
        "broker_url": settings.REDIS_URL,
        "broker_transport_options": impatient,
        "result_backend_transport_options": impatient,
        "visibility_timeout": VISIBILITY_TIMEOUT,
        # A clerk never waits for the broker, a worker always does.
        "broker_connection_timeout": 2,
        "task_publish_retry": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # Without the second setting a killed child's task counts as done in spite of the first.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_soft_shutdown_timeout": 30,
        "task_soft_time_limit": 240,
        "task_time_limit": 300,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "timezone": settings.TIME_ZONE,
        "beat_schedule": SCHEDULE,
    }


app = Celery("changzhi_eco")
app.add_defaults(configuration)
app.autodiscover_tasks()
