"""Evidence as services keep it: on drafts only, each file once, row and file together."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection
from pytest_django import Settings

from accounts.models import AuditEvent, Role
from accounts.refusals import NotAllowed
from progress.models import EntryStatus, Evidence, EvidenceStage, ProgressEntry
from progress.services import evidence
from progress.services.entries import Incomplete, WrongStatus
from projects.models import Attachment
from projects.refusals import UnfitFile
from projects.services import attachments
from tests import factories as make
from tests import uploads
from tests.progress.steps import submit

pytestmark = pytest.mark.django_db

BEFORE, DURING, AFTER = EvidenceStage

REFUSES_LATE = """
CREATE FUNCTION test_refusal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'too late'; END $$;
CREATE CONSTRAINT TRIGGER test_refuses_late AFTER INSERT ON progress_evidence DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION test_refusal();
"""


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def team(db: None) -> make.Team:
    return make.team()


@pytest.fixture
def entry(team: make.Team) -> ProgressEntry:
    return make.entry(by=team)


def files(below: Path) -> int:
    return sum(path.is_file() for path in below.rglob("*"))


def test_photo_shows_a_stage_and_a_paper_none(entry: ProgressEntry, team: make.Team) -> None:
    photo = make.evidence(entry, team.clerk, uploads.photo(), stage=BEFORE)
    paper = make.evidence(entry, team.clerk, stage=BEFORE)

    assert (photo.stage, paper.stage) == (BEFORE, "")


def test_same_file_is_added_once_though_its_copy_differs(entry: ProgressEntry, team: make.Team) -> None:
    make.evidence(entry, team.clerk, uploads.photo(1))

    with pytest.raises(UnfitFile, match="未重复添加"):
        make.evidence(entry, team.clerk, uploads.photo(1), name="另一个名字.jpg")
    make.evidence(entry, team.clerk, uploads.photo(2))

    assert entry.evidence.count() == 2


def test_one_bad_file_does_not_lose_the_others(entry: ProgressEntry, team: make.Team) -> None:
    sent = [
        SimpleUploadedFile(name, body)
        for name, body in (("1.jpg", uploads.photo(1)), ("2.jpg", b"<svg/>"), ("3.pdf", make.pdf()), ("4.jpg", b""))
    ]

    taken, unfit = evidence.take_all(sent)
    twice = evidence.add_all(
        entry=entry, files=[*taken, taken[0]], by=team.clerk, at=make.inside(entry.period), stage=AFTER
    )

    assert [each.name for each in unfit] == ["2.jpg", "4.jpg"]
    assert [each.name for each in twice] == ["1.jpg"]
    assert [(str(each), each.stage) for each in entry.evidence.order_by("pk")] == [("1.jpg", AFTER), ("3.pdf", "")]


def test_entry_takes_only_so_many_files(entry: ProgressEntry, team: make.Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MOST_FILES", 1)
    make.evidence(entry, team.clerk, uploads.photo(1))

    with pytest.raises(UnfitFile, match="最多附1个文件"):
        make.evidence(entry, team.clerk, uploads.photo(2))


def test_stage_is_said_anew_and_the_trail_tells_it(entry: ProgressEntry, team: make.Team) -> None:
    photo = make.evidence(entry, team.clerk, uploads.photo())

    changed = evidence.change_stage(evidence=photo, stage=AFTER, by=team.clerk)
    same = evidence.change_stage(evidence=changed, stage=AFTER, by=team.clerk)

    told = AuditEvent.objects.get(action="entry.evidence_stage")
    assert (told.before, told.after, told.reason) == ({"stage": ""}, {"stage": AFTER}, "验收单.jpg")
    assert [(each.attachment_id, each.stage) for each in entry.evidence.all()] == [(photo.attachment_id, AFTER)]
    assert same == changed


def test_paper_keeps_having_no_stage(entry: ProgressEntry, team: make.Team) -> None:
    paper = make.evidence(entry, team.clerk)

    assert evidence.change_stage(evidence=paper, stage=AFTER, by=team.clerk).stage == ""


@pytest.mark.parametrize("status", [EntryStatus.SUBMITTED, EntryStatus.REVIEWED, EntryStatus.VERIFIED])
def test_evidence_stays_as_it_was_reported(status: EntryStatus, entry: ProgressEntry, team: make.Team) -> None:
    photo = make.evidence(entry, team.clerk, uploads.photo(1))
    make.walk(entry, status, by=team)

    with pytest.raises(WrongStatus):
        make.evidence(entry, team.clerk, uploads.photo(2))
    with pytest.raises(WrongStatus):
        evidence.change_stage(evidence=photo, stage=AFTER, by=team.clerk)
    with pytest.raises(WrongStatus):
        evidence.remove_evidence(evidence=photo, by=team.clerk)


def test_evidence_is_the_clerks_business(entry: ProgressEntry, team: make.Team) -> None:
    photo = make.evidence(entry, team.clerk, uploads.photo(1))

    for person in (team.reviewer, make.user(Role.CLERK, make.OTHER_COUNTY)):
        with pytest.raises(NotAllowed):
            make.evidence(entry, person, uploads.photo(2))
        with pytest.raises(NotAllowed):
            evidence.remove_evidence(evidence=photo, by=person)


def test_required_evidence_is_asked_for_at_submitting(team: make.Team) -> None:
    entry = make.entry(make.series(make.indicator(evidence_required=True)), by=team)

    with pytest.raises(Incomplete, match="须附佐证材料") as refusal:
        submit(entry, team.clerk)
    make.evidence(entry, team.clerk, uploads.photo())

    assert refusal.value.field == "evidence"
    assert submit(entry, team.clerk).status == EntryStatus.SUBMITTED


def test_no_progress_needs_no_evidence(team: make.Team) -> None:
    series = make.series(make.indicator(evidence_required=True))

    entry = make.entry(series, None, no_progress_reason="冬季停工", by=team, status=EntryStatus.SUBMITTED)

    assert entry.status == EntryStatus.SUBMITTED


@pytest.mark.django_db(transaction=True)
def test_file_goes_when_its_transaction_fails_at_the_last_moment(
    media: Path, entry: ProgressEntry, team: make.Team
) -> None:
    """A constraint that is checked only at the commit, after the service has long returned."""
    with connection.cursor() as cursor:
        cursor.execute(REFUSES_LATE)
    try:
        with pytest.raises(DatabaseError):
            make.evidence(entry, team.clerk, uploads.photo())
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION test_refusal CASCADE")

    assert (files(media), Evidence.objects.count(), Attachment.objects.count()) == (0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_two_uploads_of_one_file_at_once_make_one_row(media: Path, entry: ProgressEntry, team: make.Team) -> None:
    kept = attachments.take(SimpleUploadedFile("照片.jpg", uploads.photo()))
    together, outcomes = threading.Barrier(2), list[str]()

    def add() -> None:
        together.wait()
        try:
            evidence.add_evidence(entry=entry, kept=kept, by=team.clerk, at=make.inside(entry.period))
            outcomes.append("added")
        except UnfitFile as refusal:
            outcomes.append(refusal.code)
        finally:
            connection.close()

    for _ in range(5):
        entry.evidence.all().delete()
        outcomes.clear()
        threads = [threading.Thread(target=add) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["added", "unfit_file"]
        assert entry.evidence.count() == 1
    assert files(media) == 2 * Attachment.objects.count()
