"""Child processes that outlive no run: each in a session of its own, stopped in order, found again after a kill."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import psutil

Environment = dict[str, str]

#: Seconds a program gets to leave politely.
PATIENCE = 20


class Failure(Exception):
    """Something the person at the terminal has to know; the message says what, and what to do."""


class Stopped(Exception):
    """The person at the terminal, or the system, asked to stop."""


_stopping = threading.Event()


def watch_signals() -> None:
    """From now on Ctrl-C, TERM and a closed terminal end the next pause; pressing twice changes nothing."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _ask_to_stop)


def _ask_to_stop(_number: int, _frame: FrameType | None) -> None:
    _stopping.set()


def pause(seconds: float) -> None:
    """Wait; raises Stopped as soon as somebody asks to stop."""
    if _stopping.wait(seconds):
        raise Stopped


def say(line: str = "") -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@dataclass
class Service:
    """One program beside us: its command, its log, and the signal it leaves on politely."""

    name: str
    command: list[str]
    log: Path
    environment: Environment = field(default_factory=dict)
    stdin: str = ""
    polite: signal.Signals = signal.SIGTERM
    folder: Path | None = None

    def start(self) -> None:
        """Start in a session of its own: Ctrl-C reaches only us, and we choose the order of leaving."""
        self.log.touch(mode=0o600)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                cwd=self.folder,
                start_new_session=True,
            )
        if self.process.stdin:
            with contextlib.suppress(BrokenPipeError), self.process.stdin as stdin:
                stdin.write(self.stdin.encode())
        self.trace = Trace(self.process.pid, psutil.Process(self.process.pid).create_time(), self.polite)

    @property
    def has_died(self) -> bool:
        return self.process.poll() is not None

    def stop(self) -> None:
        if self.has_died:
            return
        self.process.send_signal(self.polite)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def restart(self) -> None:
        """Start again after a death; children of the dead may still hold its port."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.start()

    def tail(self, lines: int = 15) -> str:
        """The end of its log, for the report of its death."""
        with self.log.open(encoding="utf-8", errors="replace") as log:
            return "".join(deque(log, lines))


@dataclass(frozen=True)
class Trace:
    """A process as recorded on disk; its start tells it from a later one that was given the same number."""

    pid: int
    created: float
    polite: int

    def stop(self) -> None:
        """End a program that a killed run left behind, if it is still the same one."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.created) > 1:
                return
            process.send_signal(self.polite)
            if not _ends(process):
                os.killpg(self.pid, signal.SIGKILL)


def _ends(process: psutil.Process) -> bool:
    """Whether somebody else's child ends in time; one that nobody buries has ended as well."""
    for _ in range(PATIENCE * 50):
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False
