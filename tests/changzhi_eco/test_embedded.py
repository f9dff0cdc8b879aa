"""The embedded servers, with real processes in a copy of the project whose folder's name has a space and Chinese."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil
import pytest
from django.conf import settings

from changzhi_eco.embedded import accounts
from changzhi_eco.embedded.servers import embedded_binaries, free_port

MADE_HERE = (".venv", ".git", "var", "staticfiles", "docs", ".*_cache", "__pycache__")
#: Prints what the command beside the servers has to do with.
PROBE = """
import environ, json, os, psycopg2, redis
database = environ.Env().db_url("DATABASE_OWNER_URL")
cursor = psycopg2.connect(dbname=database["NAME"], user=database["USER"], host=database["HOST"]).cursor()
cursor.execute("SELECT current_user, current_setting('fsync')")
print(json.dumps({"socket": database["HOST"], "row": cursor.fetchone(),
                  "owner": os.stat(database["HOST"]).st_uid, "folder": os.getcwd(),
                  "redis": redis.Redis.from_url(os.environ["REDIS_URL"]).ping()}))
"""
CREATE = PROBE + "cursor.execute('CREATE TABLE kept ()'); cursor.connection.commit()"
NOBODY = accounts.Account(("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"), 65534, 65534)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused by PostgreSQL")


@pytest.fixture(scope="module")
def project() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp())
    copy = home / "生态 治理"
    shutil.copytree(settings.BASE_DIR, copy, ignore=shutil.ignore_patterns(*MADE_HERE))
    yield copy
    shutil.rmtree(home)


def embedded(project: Path, *arguments: str, prefix: tuple[str, ...] = (), path: str = "") -> subprocess.Popen[str]:
    """The runner in the project's copy, in an environment that names no servers yet."""
    environment = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    return subprocess.Popen(
        [*prefix, sys.executable, "-m", "changzhi_eco.embedded", *arguments],
        cwd=project,
        env={**environment, "PATH": path + os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def probe(project: Path, *arguments: str, script: str = PROBE, **how: Any) -> dict[str, Any]:
    """What a command saw beside the servers."""
    runner = embedded(project, "run", *arguments, "--", sys.executable, "-c", script, **how)
    output, _ = runner.communicate(timeout=60)
    assert runner.returncode == 0, output
    seen: dict[str, Any] = json.loads(output)
    return seen


def until(is_so: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def state(project: Path, name: str) -> dict[str, Any]:
    """What the run of that name has written down, nothing while it is not ready."""
    path = project / "var" / name / "state.json"
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found if found.get("environment") else {}


def test_run_serves_both_and_leaves_nothing(project: Path) -> None:
    seen = probe(project)

    assert seen["row"] == ["changzhi_owner", "off"]
    assert seen["redis"]
    assert not Path(seen["socket"]).exists()
    assert not list((project / "var").glob("run-*"))


def test_run_passes_the_exit_code_on(project: Path) -> None:
    runner = embedded(project, "run", "--", "sh", "-c", "exit 7")

    runner.communicate(timeout=60)

    assert runner.returncode == 7


def test_run_passes_a_termination_on_and_clears_up(project: Path) -> None:
    runner = embedded(project, "run", "--", "sh", "-c", "echo ready; exec sleep 60")
    assert runner.stdout
    runner.stdout.readline()

    runner.terminate()
    runner.communicate(timeout=30)

    assert runner.returncode != 0
    assert not list((project / "var").glob("run-*"))


@needs_root
def test_run_works_for_an_ordinary_user(project: Path) -> None:
    seen = probe(project, prefix=("unshare", "--user", "--map-user=1000", "--map-group=1000"))

    assert seen["row"][0] == "changzhi_owner"
    assert seen["owner"] == 1000


@needs_root
def test_root_without_namespaces_becomes_nobody(project: Path) -> None:
    unshare = project / "refuse" / "unshare"
    unshare.parent.mkdir()
    unshare.write_text("#!/bin/sh\nexit 1\n")
    unshare.chmod(0o755)
    project.parent.chmod(0o755)

    seen = probe(project, path=f"{unshare.parent}:")

    assert seen["row"][0] == "changzhi_owner"
    assert seen["owner"] == NOBODY.uid


@needs_root
def test_closed_project_is_left_for_a_folder_of_nobodys_own(tmp_path: Path) -> None:
    binaries = tmp_path / "postgresql" / "bin"
    shutil.copytree(embedded_binaries().parent, binaries.parent, symlinks=True)

    folder, reachable = accounts.place(NOBODY, tmp_path / "var" / "demo" / "postgres", binaries)

    assert folder.is_relative_to(accounts.ELSEWHERE)
    assert NOBODY.can("test", "-w", folder)
    assert NOBODY.can(reachable / "postgres", "--version")
    shutil.rmtree(folder.parent)


def test_named_data_outlive_their_run(project: Path) -> None:
    first = probe(project, "--name", "kept", script=CREATE)
    second = embedded(project, "run", "--name", "kept", "--", sys.executable, "-c", CREATE)

    output, _ = second.communicate(timeout=60)

    assert first["row"] == ["changzhi_owner", "on"]
    assert 'relation "kept" already exists' in output


def test_second_run_joins_the_first(project: Path) -> None:
    first = embedded(project, "run", "--name", "shared", "--", "sleep", "2")
    until(lambda: bool(state(project, "shared")))

    seen = probe(project, "--name", "shared")

    assert seen["socket"] in state(project, "shared")["environment"]["DATABASE_URL"]
    first.communicate(timeout=30)
    assert first.returncode == 0


def test_killed_run_is_cleared_away_by_the_next(project: Path) -> None:
    killed = embedded(project, "run", "--name", "killed", "--", "sleep", "2")
    until(lambda: bool(state(project, "killed")))
    left = [trace["pid"] for trace in state(project, "killed")["traces"]]
    socket_folder = Path(state(project, "killed")["rubbish"][0])
    killed.kill()
    killed.communicate()
    assert all(map(is_alive, left))

    probe(project, "--name", "killed")

    assert not any(map(is_alive, left))
    assert not socket_folder.exists()


def test_demo_tells_of_a_taken_port(project: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        runner = embedded(project, "demo", "--port", str(port))
        output, _ = runner.communicate(timeout=30)

    assert runner.returncode == 1
    assert f"端口 {port} 不能使用" in output
    assert "Traceback" not in output


def test_demo_serves_restarts_the_dead_and_stops_cleanly(project: Path) -> None:
    port = str(free_port())
    demo = embedded(project, "demo", "--port", port)
    assert demo.stdout
    greeting = next((line for line in demo.stdout if line.startswith("The portal runs")), "")
    assert port in greeting, (project / "var/demo/logs/prepare.log").read_text()

    with urlopen(f"http://127.0.0.1:{port}/") as page:
        assert page.status == 200
    second = embedded(project, "demo")
    assert f"演示已在运行：http://127.0.0.1:{port}/" in second.communicate(timeout=30)[0]
    services = {trace["pid"] for trace in state(project, "demo")["traces"]}
    worker = next(pid for pid in services if "worker" in psutil.Process(pid).cmdline())
    os.kill(worker, signal.SIGKILL)
    until(lambda: worker not in {trace["pid"] for trace in state(project, "demo")["traces"]})
    services = {trace["pid"] for trace in state(project, "demo")["traces"]}
    demo.send_signal(signal.SIGINT)
    time.sleep(0.2)
    demo.send_signal(signal.SIGINT)
    output, _ = demo.communicate(timeout=60)

    assert demo.returncode == 0
    assert "worker 意外退出" in output
    assert output.endswith("已停止。 Stopped.\n")
    assert not any(map(is_alive, services))
