"""Photos behind entries: what is odd about them, and a place before and after the work. Computed when read."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jurisdictions import outlines
from progress.gate import CITY_TIME
from progress.models import Evidence, EvidenceStage, ProgressEntry
from progress.models.entries import ProgressEntryQuerySet
from projects.models import Attachment


class FlagKind(enum.StrEnum):
    PLACE = "place"
    TIME = "time"
    REUSED = "reused"


WORDS = {
    FlagKind.PLACE: gettext_lazy("拍摄地点不在本县"),
    FlagKind.TIME: gettext_lazy("拍摄时间不在本调度期"),
    FlagKind.REUSED: gettext_lazy("同一照片另有使用"),
}
#: A series of the whole city is not of one county.
WORD_OF_THE_CITY = gettext_lazy("拍摄地点不在本市")


@dataclass(frozen=True)
class Flag:
    """One thing about one photo that a reviewer should look at; it blocks nothing. `uses` are the other entries."""

    kind: FlagKind
    evidence: int
    word: str | Promise
    sentence: str
    uses: tuple[int, ...] = ()

    symbol = "⚑"


@dataclass(frozen=True)
class Proof:
    """One file of an entry, its flags, and the other entries with the same photo that the reader may know of."""

    evidence: Evidence
    flags: list[Flag]
    also_in: list[ProgressEntry] = field(default_factory=list)

    @property
    def is_silent(self) -> bool:
        """Whether it is a photo that tells neither when nor where it was taken."""
        attachment = self.evidence.attachment
        return attachment.is_photo and attachment.taken_at is None and attachment.latitude is None


def flags_of(entries: Iterable[ProgressEntry]) -> dict[int, list[Flag]]:
    """The flags of the photos of each entry, by its primary key; two queries however many entries."""
    flags: dict[int, list[Flag]] = {entry.pk: [] for entry in entries}
    photos = _photos_of(flags)
    uses = _uses(photos)
    for photo in photos:
        flags[photo.entry_id] += _flags(photo, uses[photo.pk])
    return flags


def proofs_of(entry: ProgressEntry, *, visible: ProgressEntryQuerySet) -> list[Proof]:
    """The files of an entry with all that its page says of them."""
    flags = flags_of([entry])[entry.pk]
    also_in = visible.with_labels().in_bulk({pk for flag in flags for pk in flag.uses})
    proofs = []
    for evidence in entry.evidence.select_related("attachment").order_by("pk"):
        mine = [flag for flag in flags if flag.evidence == evidence.pk]
        others = [also_in[pk] for flag in mine for pk in flag.uses if pk in also_in]
        proofs.append(Proof(evidence, mine, others))
    return proofs


def _photos_of(entries: Iterable[int]) -> list[Evidence]:
    photos = Evidence.objects.filter(entry__in=list(entries), attachment__content_type__startswith="image/")
    return list(photos.select_related("attachment", "entry__series", "entry__period").order_by("pk"))


def _uses(photos: Sequence[Evidence]) -> dict[int, tuple[int, ...]]:
    """For each photo, the entries of other series, periods or facts that have the same file."""
    originals = {photo.attachment.original_sha256 for photo in photos} - {""}
    if not originals:
        return defaultdict(tuple)
    same = Evidence.objects.filter(attachment__original_sha256__in=originals).order_by("entry")
    rows = defaultdict(list)
    for original, entry, *about in same.values_list(
        "attachment__original_sha256", "entry", "entry__series", "entry__period", "entry__fact"
    ):
        rows[original].append((entry, about))
    return {
        photo.pk: tuple(entry for entry, about in rows[photo.attachment.original_sha256] if about != _about(photo))
        for photo in photos
    }


def _about(photo: Evidence) -> list[object]:
    return [photo.entry.series_id, photo.entry.period_id, photo.entry.fact]


def _flags(photo: Evidence, uses: tuple[int, ...]) -> Iterator[Flag]:
    if away := away_from(photo.entry.region_id, photo.attachment):
        yield Flag(FlagKind.PLACE, photo.pk, *away)
    if sentence := _untimely(photo):
        yield Flag(FlagKind.TIME, photo.pk, WORDS[FlagKind.TIME], sentence)
    if uses:
        sentence = _("这张照片还用于另外%(count)d条填报。") % {"count": len(uses)}
        yield Flag(FlagKind.REUSED, photo.pk, WORDS[FlagKind.REUSED], sentence, uses)


def away_from(region: str, taken: Attachment) -> tuple[str | Promise, str] | None:
    """Word and sentence for a photo taken outside the county, or the city, that the region lies in."""
    home = outlines.outline_of(region)
    if taken.latitude is None or taken.longitude is None or home is None:
        return None
    place = {"latitude": taken.latitude, "longitude": taken.longitude}
    if outlines.contains(home, **place):
        return None
    there = outlines.place_of(**place) or _("长治市以外")
    word = WORDS[FlagKind.PLACE] if home.is_county else WORD_OF_THE_CITY
    return word, _("拍摄地点约在%(there)s，不在%(home)s。") % {"there": there, "home": home.name}


def _untimely(photo: Evidence) -> str:
    """The sentence for a photo not taken in its period; one from before the work is naturally older."""
    if photo.attachment.taken_at is None:
        return ""
    taken_on, period = photo.attachment.taken_at.astimezone(CITY_TIME).date(), photo.entry.period
    said = {"day": date_format(taken_on), "period": str(period)}
    if taken_on > period.end_on:
        return _("拍摄于%(day)s，晚于%(period)s。") % said
    if taken_on < period.start_on and photo.stage != EvidenceStage.BEFORE:
        return _("拍摄于%(day)s，早于%(period)s。") % said
    return ""


@dataclass(frozen=True)
class Side:
    """One half of a comparison: the photo shown with its flags, and all it is chosen from, oldest period first."""

    shown: Evidence | None
    choices: list[Evidence]
    flags: list[Flag]


@dataclass(frozen=True)
class Pair:
    """A place before the work and after it."""

    before: Side
    after: Side


def pair_of(entry: ProgressEntry, photos: Iterable[Evidence], *, before: int | None, after: int | None) -> Pair:
    """The two photos asked for by primary key; else the first before the work and the last after it.

    Last is seen from the entry: a photo of its period or an earlier one. While there is none from after the work,
    one from during it stands in.
    """
    photos = sorted(photos, key=lambda photo: (photo.entry.period.end_on, photo.pk))
    befores = [photo for photo in photos if photo.stage == EvidenceStage.BEFORE]
    afters = [photo for photo in photos if photo.stage in (EvidenceStage.DURING, EvidenceStage.AFTER)]
    so_far = [photo for photo in afters if photo.entry.period.end_on <= entry.period.end_on] or afters
    so_far.sort(key=lambda photo: photo.stage == EvidenceStage.AFTER)
    left = _asked(befores, before) or next(iter(befores), None)
    right = _asked(afters, after) or next(reversed(so_far), None)
    flags = flags_of(photo.entry for photo in (left, right) if photo)
    return Pair(_side(left, befores, flags), _side(right, afters, flags))


def _side(shown: Evidence | None, choices: list[Evidence], flags: dict[int, list[Flag]]) -> Side:
    mine = [flag for flag in flags[shown.entry_id] if flag.evidence == shown.pk] if shown else []
    return Side(shown, choices, mine)


def photos_of_series(entry: ProgressEntry, *, visible: ProgressEntryQuerySet) -> list[Evidence]:
    """The photos with a stage of all entries of the entry's series."""
    photos = Evidence.objects.filter(entry__in=visible.filter(series=entry.series_id)).exclude(stage="")
    return list(photos.select_related("attachment", "entry__period"))


def _asked(photos: Iterable[Evidence], pk: int | None) -> Evidence | None:
    return next((photo for photo in photos if photo.pk == pk), None)
