"""What somebody drew, before anything is known to be right about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

Position = tuple[float, float]
Ring = Sequence[Position]
#: The outer ring first, then the holes.
Polygon = Sequence[Ring]

#: Corners that the boundary of one parcel may have, and parts that it may consist of.
MAX_VERTICES = 20_000
MAX_POLYGONS = 200
#: Corners and figures of a whole file, of which one parcel is chosen.
MAX_FILE_VERTICES = 200_000
MAX_FIGURES = 1_000


class Unsound(ValueError):
    """It is no boundary of land; `message` says why, and `place` where: longitude and latitude, if there is one."""

    def __init__(self, message: str | Promise, place: Position | None = None) -> None:
        self.message, self.place = message, place
        super().__init__(message)


@dataclass(frozen=True)
class Figure:
    """One figure of a file, and what the file says of it."""

    polygons: Sequence[Polygon]
    words: frozenset[str]


@dataclass(frozen=True)
class Drawing:
    """Polygons as they were sent, x or longitude first, in the system with that EPSG code.

    `note` says which figures of a file they are, where there was something to choose.
    """

    polygons: Sequence[Polygon]
    system: int
    note: str = ""


def chosen(figures: Iterable[Figure], *, system: int, code: str) -> Drawing:
    """The figures that bear the code of the parcel; all of them where none bears it. Raises Unsound."""
    found = list(figures)
    named = [figure for figure in found if code in figure.words]
    polygons = [polygon for figure in named or found for polygon in figure.polygons]
    if not polygons:
        raise Unsound(_("文件里没有图形。"))
    return Drawing(polygons, system, _said(len(found), len(named), code) if len(found) > 1 else "")


def _said(count: int, named: int, code: str) -> str:
    if named:
        note = _("文件有 %(count)d 个图形，取用属性为 %(code)s 的 %(named)d 个。")
        return note % {"count": count, "code": code, "named": named}
    note = _("文件有 %(count)d 个图形，属性中都没有 %(code)s，全部作为本图斑的组成部分。")
    return note % {"count": count, "code": code}


def too_many(count: int, limit: int = MAX_VERTICES) -> Unsound:
    message = _("边界有 %(count)s 个顶点，最多 %(limit)s 个；请先抽稀或只导出本图斑。")
    return Unsound(message % {"count": f"{count:,}", "limit": f"{limit:,}"})
