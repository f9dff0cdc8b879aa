"""The project as its rules see it: files with their text, syntax tree and place in the layers."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import NamedTuple

#: Apps from the top down; siblings share a row. Imports and foreign keys point downwards only.
ARROWS = (
    ("changzhi_eco",),
    ("subsidence", "water", "pollution", "lowcarbon"),
    ("progress",),
    ("projects",),
    ("accounts",),
    ("jurisdictions",),
)
RANK = {app: rank for rank, row in enumerate(ARROWS) for app in row}


class Finding(NamedTuple):
    """One place that breaks a rule; line 0 means the file as a whole."""

    path: str
    line: int
    why: str


@dataclass(frozen=True)
class Source:
    """One file below the root; `path` is relative, with slashes."""

    root: Path
    path: str

    @cached_property
    def text(self) -> str:
        return (self.root / self.path).read_text(encoding="utf-8", errors="replace")

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the file's syntax tree."""
        return tuple(ast.walk(ast.parse(self.text)))

    @property
    def parts(self) -> tuple[str, ...]:
        return PurePosixPath(self.path).parts

    @property
    def app(self) -> str:
        return self.parts[0]

    @property
    def layer(self) -> str:
        """The file's place inside its app: "services" for services.py and services/entries.py alike."""
        return self.parts[1].removesuffix(".py") if len(self.parts) > 1 else ""

    def at(self, node: ast.AST, why: str) -> Finding:
        return Finding(self.path, getattr(node, "lineno", 0), why)


class House:
    """All files below a root that its .gitignore does not name."""

    def __init__(self, root: Path) -> None:
        self.root = root
        rules = root / ".gitignore"
        lines = rules.read_text(encoding="utf-8").splitlines() if rules.exists() else []
        self.ignored = [".git", *(line.strip("/") for line in lines if line and not line.startswith("#"))]

    def is_ignored(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        return any(fnmatch(path if "/" in pattern else name, pattern) for pattern in self.ignored)

    @cached_property
    def files(self) -> tuple[Source, ...]:
        return tuple(Source(self.root, path) for path in self._walk())

    def _walk(self) -> Iterator[str]:
        for folder, folders, names in os.walk(self.root):
            below = Path(folder).relative_to(self.root)
            folders[:] = sorted(name for name in folders if not self.is_ignored((below / name).as_posix()))
            paths = ((below / name).as_posix() for name in sorted(names))
            yield from (path for path in paths if not self.is_ignored(path))

    def python(self, *layers: str) -> Iterator[Source]:
        """The apps' own Python files, all of them or those of some layers."""
        for source in self.files:
            if source.path.endswith(".py") and source.app in RANK and (not layers or source.layer in layers):
                yield source

    def tests(self) -> Iterator[Source]:
        return (source for source in self.files if source.app == "tests" and source.path.endswith(".py"))

    def templates(self) -> Iterator[Source]:
        return (source for source in self.files if source.app == "templates")
