"""Who PostgreSQL runs as, and where: it refuses root, and not every folder of root's is open to somebody else."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from changzhi_eco.embedded.processes import Failure

#: Where data and binaries go when the account cannot reach the project's folder; survives a restart of the machine.
ELSEWHERE = Path("/var/tmp")


@dataclass(frozen=True)
class Account:
    """A command prefix that makes a program run without root's rights, and the owner its files have on disk."""

    prefix: tuple[str, ...]
    uid: int
    gid: int

    def can(self, *command: str | Path) -> bool:
        try:
            return subprocess.run([*self.prefix, *map(str, command)], capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            return False

    def own(self, folder: Path) -> Path:
        """The folder, made if missing, private to the account."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != self.uid:
            os.chown(folder, self.uid, self.gid)
        return folder


def choose() -> Account:
    """Ourselves; as root an ordinary user of a namespace of our own, else the system's nobody."""
    if os.geteuid() != 0:
        return Account((), os.geteuid(), os.getegid())
    mapped = Account(("unshare", "--user", "--map-user=1000", "--map-group=1000"), 0, os.getegid())
    if mapped.can("true"):
        return mapped
    nobody = pwd.getpwnam("nobody")
    switch = ("setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
    confined = Account(switch, nobody.pw_uid, nobody.pw_gid)
    if confined.can("true"):
        return confined
    raise Failure(
        "PostgreSQL 不能以 root 运行，而本机的 unshare 和 setpriv 都不可用，请改用普通用户。\n"
        "PostgreSQL refuses root, and neither unshare nor setpriv works here: use an ordinary user."
    )


def place(account: Account, folder: Path, binaries: Path) -> tuple[Path, Path]:
    """Where the account keeps its data and finds its binaries: in the project, else in a folder of its own outside."""
    account.own(folder)
    if account.can("test", "-w", folder) and account.can(binaries / "postgres", "--version"):
        return folder, binaries
    own = account.own(_own_folder(account, folder.parents[1]))
    if not account.can(binaries / "postgres", "--version"):
        binaries = _copied(binaries, own)
    return account.own(own / folder.parent.name), binaries


def _own_folder(account: Account, project: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(project)).hexdigest()[:12]
    own = ELSEWHERE / f"changzhi-eco-{account.uid}-{digest}"
    if own.is_symlink() or (own.exists() and own.stat().st_uid != account.uid):
        raise Failure(f"{own} 属于别人，不能使用。\n{own} belongs to somebody else.")
    return own


def _copied(binaries: Path, own: Path) -> Path:
    """A copy of the whole installation, libraries and all, made once."""
    copy = own / "postgresql"
    if not copy.exists():
        unfinished = copy.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(binaries.parent, unfinished, symlinks=True)
        unfinished.rename(copy)
    return copy / binaries.name
