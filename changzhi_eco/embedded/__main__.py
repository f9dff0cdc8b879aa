"""python -m changzhi_eco.embedded demo [--port N] | run [--name NAME] [--role ROLE] [--postgres-bin DIR] -- COMMAND."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from changzhi_eco.embedded.clusters import PASSING, Cluster, sweep
from changzhi_eco.embedded.demo import demonstrate
from changzhi_eco.embedded.processes import Environment, Failure, Stopped, say, watch_signals


def main(arguments: list[str]) -> int:
    """The exit code of the run; every foreseeable mishap is a message, never a traceback."""
    options = parse(arguments)
    watch_signals()
    try:
        sweep()
        return demonstrate(options.port) if options.verb == "demo" else run(options)
    except Failure as failure:
        say(str(failure))
        return 1
    except PermissionError as error:
        say(f"没有权限（可能是另一个用户留下的）：{error.filename}\nNo permission, another user's? {error.filename}")
        return 1
    except Stopped:
        return 130


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m changzhi_eco.embedded", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    demo = verbs.add_parser("demo", help="the whole portal with the article's data")
    demo.add_argument("--port", type=port, default=8000)
    run = verbs.add_parser("run", help="one command beside PostgreSQL and Redis")
    run.add_argument("--name", type=lasting, help="keep the data under var/NAME, or join the run that owns it")
    run.add_argument("--role", choices=["owner", "app"], default="owner", help="whom the command is to the database")
    run.add_argument("--postgres-bin", type=Path, help="binaries of another PostgreSQL")
    run.add_argument("command", nargs="+")
    return parser.parse_args(arguments)


def port(text: str) -> int:
    """A port's number; raises ValueError for what is none."""
    if int(text) not in range(1, 1 << 16):
        raise ValueError
    return int(text)


def lasting(name: str) -> str:
    """A name for data that stay; raises ValueError for one that would not make a folder, or a passing one."""
    if not name.isidentifier():
        raise ValueError
    return name


def run(options: argparse.Namespace) -> int:
    """Run the command beside the servers of its name, or of nobody: those are thrown away afterwards."""
    cluster = Cluster(options.name or f"{PASSING}{os.getpid()}")
    if not cluster.enter():
        return obey(options.command, {**cluster.environment, "DB_ROLE": options.role})
    try:
        cluster.serve(options.postgres_bin)
        cluster.announce()
        code = obey(options.command, {**cluster.environment, "DB_ROLE": options.role})
        cluster.await_guests()
        return code
    finally:
        cluster.close()


def obey(command: list[str], environment: Environment) -> int:
    """The exit code of the command, which shares our terminal and gets Ctrl-C from there, TERM from us."""
    try:
        child = subprocess.Popen(command, env={**os.environ, **environment})
    except FileNotFoundError as error:
        raise Failure(f"没有这个命令：{command[0]}\nNo such command: {command[0]}") from error

    def pass_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    code = child.wait()
    watch_signals()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))
