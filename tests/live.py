"""The portal's own programs, web and worker, as real processes on the test database."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection

from changzhi_eco.embedded.processes import Environment, Service

#: Seconds that anything a test waits for may take.
PATIENCE = 60


def worker(folder: Path, *, redis_url: str = "") -> Service:
    """A worker with beat inside, not started yet; its log and beat's schedule lie in `folder`."""
    command = ["celery", "--app=changzhi_eco", "worker", "--concurrency=2", "--beat", f"--schedule={folder / 'beat'}"]
    command += ["--without-gossip", "--without-mingle", "--loglevel=INFO"]
    return _service("worker", command, folder, redis_url)


def web(folder: Path, port: int, *, redis_url: str = "") -> Service:
    """A web server, not started yet."""
    command = ["gunicorn", "changzhi_eco.wsgi", f"--bind=127.0.0.1:{port}", "--workers=2", "--no-control-socket"]
    return _service("web", command, folder, redis_url)


def _service(name: str, command: list[str], folder: Path, redis_url: str) -> Service:
    environment: Environment = {
        **{name: _test_url(name) for name in ("DATABASE_URL", "DATABASE_OWNER_URL") if name in os.environ},
        "REDIS_URL": redis_url or settings.REDIS_URL,
    }
    return Service(
        name, [sys.executable, "-m", *command], folder / f"{name}.log", environment, folder=settings.BASE_DIR
    )


def _test_url(name: str) -> str:
    """The variable's URL with the name of the test database, which may follow a socket's folder."""
    url = urlsplit(os.environ[name])
    folder, _slash, _database = url.path.rpartition("/")
    return urlunsplit(url._replace(path=f"{folder}/{connection.settings_dict['NAME']}"))


def await_start(service: Service, *, number: int = 1) -> None:
    """Wait until a worker has come up for the so-manieth time."""
    wait_until(lambda: service.log.read_text().count("ready.") >= number)


def kill(service: Service) -> None:
    """kill -9 of a program with its children: the whole session we started."""
    os.killpg(service.process.pid, signal.SIGKILL)
    service.process.wait()


def wait_until(condition: Callable[[], bool], *, seconds: float = PATIENCE) -> None:
    """Wait for the condition; raises AssertionError when it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)
