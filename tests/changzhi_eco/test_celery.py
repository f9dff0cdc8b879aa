"""What the queue promises, read from the configuration a worker would use."""

from __future__ import annotations

from django.conf import settings

from changzhi_eco.celery import app


def test_unfinished_task_comes_back_everywhere_after_the_same_time() -> None:
    conf = app.conf

    seen = {
        conf.broker_transport_options["visibility_timeout"],
        conf.result_backend_transport_options["visibility_timeout"],
        conf.visibility_timeout,
    }

    assert seen == {600}
    assert conf.task_time_limit < 600


def test_nobody_waits_for_a_dead_broker_but_the_worker() -> None:
    conf = app.conf

    assert conf.broker_url == settings.REDIS_URL
    assert conf.task_publish_retry is False
    assert conf.broker_transport_options["socket_timeout"] == 2
    assert conf.broker_connection_max_retries is None


def test_schedule_names_only_tasks_that_exist() -> None:
    app.loader.import_default_modules()

    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)
