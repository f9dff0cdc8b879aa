"""Flags of photos: taken elsewhere, at another time, or used before; and the pair before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from progress import photos
from progress.models import EntryStatus, EvidenceStage, ProgressEntry
from progress.photos import FlagKind
from tests import factories as make
from tests import uploads
from tests.uploads import BEIJING, SHANGDANG, XIANGYUAN

pytestmark = pytest.mark.django_db

BEFORE, DURING, AFTER = EvidenceStage
PLACE, TIME, REUSED = FlagKind
IN_MARCH = "2025:03:12 10:00:00"


@pytest.fixture(autouse=True)
def _media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def team(db: None) -> make.Team:
    return make.team(make.CITY)


def flagged(entry: ProgressEntry) -> list[FlagKind]:
    return [flag.kind for flag in photos.flags_of([entry])[entry.pk]]


def prove(entry: ProgressEntry, team: make.Team, stage: str = AFTER, **photo: Any) -> None:
    make.evidence(entry, team.clerk, uploads.photo(**photo), stage=stage)


@pytest.mark.parametrize(
    ("region", "place", "kinds", "sentence"),
    [
        (make.COUNTY, SHANGDANG, [], ""),
        (make.VILLAGE, SHANGDANG, [], ""),
        (make.COUNTY, XIANGYUAN, [PLACE], "拍摄地点约在襄垣县，不在上党区。"),
        (make.VILLAGE, XIANGYUAN, [PLACE], "拍摄地点约在襄垣县，不在上党区。"),
        (make.COUNTY, BEIJING, [PLACE], "拍摄地点约在长治市以外，不在上党区。"),
        (make.CITY, XIANGYUAN, [], ""),
        (make.CITY, BEIJING, [PLACE], "拍摄地点约在长治市以外，不在长治市。"),
        (make.COUNTY, None, [], ""),
    ],
)
def test_place_outside_the_county_is_flagged(
    team: make.Team, region: str, place: tuple[str, str] | None, kinds: list[FlagKind], sentence: str
) -> None:
    entry = make.entry(make.series(region_code=region), by=team)
    prove(entry, team, place=place)

    flags = photos.flags_of([entry])[entry.pk]

    assert [flag.kind for flag in flags] == kinds
    assert [flag.sentence for flag in flags] == ([sentence] if sentence else [])


def test_words_name_the_county_or_the_city(team: make.Team) -> None:
    entries = [make.entry(make.series(region_code=region), by=team) for region in (make.COUNTY, make.CITY)]
    for entry in entries:
        prove(entry, team, seed=entry.pk, place=BEIJING)

    flags = photos.flags_of(entries)

    assert [str(flags[entry.pk][0].word) for entry in entries] == ["拍摄地点不在本县", "拍摄地点不在本市"]


@pytest.mark.parametrize(
    ("taken", "offset", "stage", "kinds"),
    [
        ("2025:03:01 00:00:00", "", AFTER, []),
        ("2025:03:31 23:59:59", "", AFTER, []),
        ("2025:04:01 00:00:00", "", AFTER, [TIME]),
        ("2025:02:28 23:59:59", "", AFTER, [TIME]),
        ("2025:02:28 23:59:59", "", DURING, [TIME]),
        ("2025:02:28 23:59:59", "", "", [TIME]),
        ("2025:02:28 16:00:00", "+00:00", AFTER, []),  # Midnight of 1 March in Beijing.
        ("2025:03:31 16:00:00", "+00:00", AFTER, [TIME]),
        ("2024:05:01 08:00:00", "", BEFORE, []),  # Before the work is before the period.
        ("2025:04:01 00:00:00", "", BEFORE, [TIME]),
        ("", "", AFTER, []),
    ],
)
def test_time_outside_the_period_is_flagged(
    team: make.Team, taken: str, offset: str, stage: str, kinds: list[FlagKind]
) -> None:
    entry = make.entry(by=team)
    prove(entry, team, stage, taken=taken, offset=offset)

    assert flagged(entry) == kinds


def test_sentence_says_which_day(team: make.Team) -> None:
    entry = make.entry(by=team)
    prove(entry, team, taken="2025:02:28 10:00:00")

    [flag] = photos.flags_of([entry])[entry.pk]

    assert flag.sentence == "拍摄于2025年2月28日，早于2025年3月。"


def test_same_photo_of_another_series_or_period_is_flagged_on_both(team: make.Team) -> None:
    one, other = make.series(), make.series()
    march, april = make.period(), make.period(2025, 4)
    entries = [make.entry(one, when=march, by=team), make.entry(one, when=april, by=team), make.entry(other, by=team)]
    alone = make.entry(by=team)
    for entry in entries:
        prove(entry, team)
    prove(alone, team, seed="another")

    flags = photos.flags_of([*entries, alone])

    for entry in entries:
        [flag] = flags[entry.pk]
        assert (flag.kind, flag.uses) == (REUSED, tuple(each.pk for each in entries if each != entry))
        assert flag.sentence == "这张照片还用于另外2条填报。"
    assert flags[alone.pk] == []


def test_correction_may_show_the_same_photo_and_a_paper_may_serve_twice(team: make.Team) -> None:
    entry = make.entry(by=team)
    prove(entry, team)
    make.evidence(entry, team.clerk)
    entry = make.walk(entry, EntryStatus.VERIFIED, by=team)
    corrected = make.correction(entry, 12, status=EntryStatus.DRAFT, by=team)
    prove(corrected, team)
    other = make.entry(by=team)
    make.evidence(other, team.clerk)

    assert not any(photos.flags_of([entry, corrected, other]).values())


def test_photo_that_tells_nothing_is_silent_but_not_flagged(team: make.Team) -> None:
    entry = make.entry(by=team)
    prove(entry, team)
    prove(entry, team, seed=2, taken=IN_MARCH)
    make.evidence(entry, team.clerk)

    proofs = photos.proofs_of(entry, visible=ProgressEntry.objects.all())

    assert [proof.is_silent for proof in proofs] == [True, False, False]
    assert [proof.flags for proof in proofs] == [[], [], []]


def test_other_use_is_named_only_to_those_who_may_see_it(team: make.Team) -> None:
    here, elsewhere = make.entry(by=team), make.entry(make.series(region_code=make.OTHER_TOWN), by=team)
    for entry in (here, elsewhere):
        prove(entry, team)

    seen = {
        person: photos.proofs_of(here, visible=ProgressEntry.objects.visible_to(person))[0]
        for person in (team.verifier, make.team(make.COUNTY).reviewer)
    }

    assert [proof.also_in for proof in seen.values()] == [[elsewhere], []]
    assert all(proof.flags[0].kind == REUSED for proof in seen.values())


def test_flags_of_many_entries_take_two_queries(
    team: make.Team, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    entries = [make.entry(by=team) for _ in range(3)]
    for entry in entries:
        prove(entry, team, taken="2020:01:01 10:00:00", place=BEIJING)

    for some in (entries[:1], entries):
        with django_assert_num_queries(2):
            flags = photos.flags_of(some)
        assert {kind for pk in flags for kind in map(kind_of, flags[pk])} == {PLACE, TIME, REUSED}


def kind_of(flag: photos.Flag) -> FlagKind:
    return flag.kind


def pair(entry: ProgressEntry, before: int | None = None, after: int | None = None) -> tuple[str, str]:
    """The names of the two photos shown."""
    found = photos.photos_of_series(entry, visible=ProgressEntry.objects.all())
    chosen = photos.pair_of(entry, found, before=before, after=after)
    return str(chosen.before.shown), str(chosen.after.shown)


def test_pair_is_the_first_before_and_the_last_after(team: make.Team) -> None:
    series = make.series()
    months = [make.entry(series, when=make.period(2025, month), by=team) for month in (1, 2, 3)]

    def add(entry: ProgressEntry, name: str, stage: str) -> int:
        return make.evidence(entry, team.clerk, uploads.photo(name), name=f"{name}.jpg", stage=stage).pk

    assert pair(months[2]) == ("None", "None")
    add(months[0], "一月前", BEFORE)
    february = add(months[1], "二月前", BEFORE)
    add(months[1], "二月中", DURING)
    assert pair(months[2]) == ("一月前.jpg", "二月中.jpg")
    add(months[1], "二月后", AFTER)
    last = add(months[2], "三月后", AFTER)
    add(months[2], "三月中", DURING)
    add(months[2], "三月", "")

    assert pair(months[2]) == ("一月前.jpg", "三月后.jpg")
    assert pair(months[1]) == ("一月前.jpg", "二月后.jpg")
    assert pair(months[0]) == ("一月前.jpg", "三月后.jpg")  # Its own time has none from after the work.
    assert pair(months[1], february, last) == ("二月前.jpg", "三月后.jpg")
    assert pair(months[1], last, february) == ("一月前.jpg", "二月后.jpg")
