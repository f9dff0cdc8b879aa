"""A named pair of servers under var/: one run owns it, others join it, and what a killed run left is cleared away."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import psutil

from changzhi_eco.embedded.processes import Environment, Service, Trace, pause
from changzhi_eco.embedded.servers import Postgres, Redis, await_ready, embedded_binaries

PROJECT = Path(__file__).resolve().parents[2]
VAR = PROJECT / "var"
#: A cluster of this prefix and the number of its process is thrown away after its run.
PASSING = "run-"


class Cluster:
    """What a name stands for: a folder, the servers whose data lie there, and the record of what is running."""

    def __init__(self, name: str) -> None:
        self.folder = VAR / name
        self.logs = self.folder / "logs"
        self.is_passing = name.startswith(PASSING)
        self.environment: Environment = {}
        self.logs.mkdir(parents=True, exist_ok=True)
        self._state = self.folder / "state.json"
        self._lock = (self.folder / "lock").open("a")
        self._guests = (self.folder / "guests").open("a")
        self.services: list[Service] = []
        self._rubbish: list[str] = []

    def enter(self) -> bool:
        """True when we own it now; False when we joined the live run that does, whose `environment` we then have.

        An owner stops its servers only after its guests have left.
        """
        while not (is_owner := self._claim()) and not self._join():
            pause(0.2)
        return is_owner

    def _claim(self) -> bool:
        """Take the lock, which ends with our process however that ends, and clear away what its last holder left."""
        if not _locks(self._lock, fcntl.LOCK_EX):
            return False
        left = self._read()
        for trace in reversed(left.get("traces", [])):
            Trace(**trace).stop()
        self._clear(left.get("rubbish", []))
        return True

    def _join(self) -> bool:
        if _locks(self._guests, fcntl.LOCK_SH):
            self.environment = self._read().get("environment", {})
        return bool(self.environment)

    def await_guests(self) -> None:
        while not _locks(self._guests, fcntl.LOCK_EX):
            pause(0.2)

    def serve(self, binaries: Path | None = None) -> None:
        """Bring up PostgreSQL and Redis, each unless the environment names one already; raises Failure."""
        self.environment = {
            "DEPLOYMENT": "local",
            "EMBEDDED": "1",
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "MEDIA_ROOT": str(self.folder / "media"),
            # Their output is Chinese whatever the terminal's locale.
            "PYTHONUTF8": "1",
            **self._secrets(),
        }
        if binaries or "DATABASE_URL" not in os.environ:
            self.environment |= self._serve_postgres(binaries)
        if "REDIS_URL" not in os.environ:
            self.environment |= self._serve_redis()

    def announce(self) -> None:
        """Let others join: everything they need is running."""
        self._write(self.environment)

    def _serve_postgres(self, binaries: Path | None) -> Environment:
        server = Postgres(self.folder / "postgres", self.logs, not self.is_passing, binaries or embedded_binaries())
        self._rubbish += [str(server.socket), *([str(server.home)] if self.is_passing else [])]
        self._write({})
        server.lay_out()
        self._bring_up(server)
        return {"DATABASE_URL": server.url("app"), "DATABASE_OWNER_URL": server.url("owner")}

    def _serve_redis(self) -> Environment:
        server = Redis(self.folder / "redis", self.logs)
        self._bring_up(server)
        return {"REDIS_URL": server.url}

    def _bring_up(self, server: Postgres | Redis) -> None:
        service = server.service()
        self.start(service)
        await_ready(server, service)

    def start(self, service: Service) -> None:
        """Start a program that `close` will stop, after those that were started later."""
        service.start()
        self.services.append(service)
        self._write({})

    def restart(self, service: Service) -> None:
        service.restart()
        self.announce()

    def close(self) -> None:
        """Stop everything, last started first, and forget it."""
        for service in reversed(self.services):
            service.stop()
        self._clear(self._rubbish)
        if self.is_passing:
            shutil.rmtree(self.folder)

    def _clear(self, rubbish: list[str]) -> None:
        for folder in rubbish:
            shutil.rmtree(folder, ignore_errors=True)
        self._state.unlink(missing_ok=True)

    def _secrets(self) -> Environment:
        """Keys that stay the same from start to start: the audit trail of yesterday must stay provable."""
        path = self.folder / "secrets.json"
        if not path.exists():
            _write_private(path, {name: secrets.token_urlsafe(48) for name in ("SECRET_KEY", "AUDIT_KEY")})
        kept: Environment = json.loads(path.read_text())
        return kept

    def _read(self) -> dict[str, Any]:
        """What the owner has written down; nothing when there is none."""
        try:
            state: dict[str, Any] = json.loads(self._state.read_text())
        except FileNotFoundError:
            return {}
        return state

    def _write(self, environment: Environment) -> None:
        traces = [asdict(service.trace) for service in self.services]
        _write_private(self._state, {"environment": environment, "traces": traces, "rubbish": self._rubbish})


def sweep() -> None:
    """Clear away the passing clusters of runs that were killed."""
    for folder in VAR.glob(f"{PASSING}*"):
        if not psutil.pid_exists(int(folder.name.removeprefix(PASSING))):
            cluster = Cluster(folder.name)
            if cluster.enter():
                cluster.close()


def _locks(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_private(path: Path, content: Any) -> None:
    """Write for our eyes only, and whole or not at all."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(content))
    unfinished.replace(path)
