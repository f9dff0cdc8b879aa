"""Evidence on pages: several files at once, each with its result; fetched by those who may; before beside after."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import AuditEvent, Role
from progress.models import EntryStatus, Evidence, EvidenceStage, ProgressEntry
from projects.services.attachments import MAX_BYTES
from tests import factories as make
from tests import uploads
from tests.pages import Page, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2025-03-31 12:00 +0800")]

BEFORE, _DURING, AFTER = EvidenceStage
Bodies = dict[str, bytes]


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def team(db: None) -> make.Team:
    return make.team()


@pytest.fixture
def entry(team: make.Team, client: Client) -> ProgressEntry:
    """A draft, and its clerk signed in."""
    signed_in(client, team.clerk)
    return make.entry(by=team)


def send(client: Client, entry: ProgressEntry, bodies: Bodies, *, receipt: object = None, **extra: Any) -> Page:
    files = [SimpleUploadedFile(name, body) for name, body in bodies.items()]
    stage = extra.pop("stage", "")
    form = {"receipt": receipt or uuid.uuid4(), "file": files, "stage": stage}
    return client.post(reverse("evidence_add", args=[entry.pk]), form, **extra)


def errors(page: Page) -> list[str]:
    """What the page says at the input of the files."""
    return [each.text for each in BeautifulSoup(page.content, "html.parser").select("#evidence .errorlist li")]


def section(page: Page) -> str:
    """The words of the evidence, without the spaces between tags."""
    found = BeautifulSoup(page.content, "html.parser").select_one("#evidence")
    assert found is not None
    return " ".join(found.text.split())


def look(client: Client, entry: ProgressEntry) -> str:
    return section(client.get(entry.get_absolute_url()))


def test_several_files_are_added_at_once(client: Client, entry: ProgressEntry) -> None:
    page = send(
        client, entry, {"1.jpg": uploads.photo(1), "2.png": uploads.photo(2, format="PNG"), "3.pdf": make.pdf()}
    )

    assert page.headers["Location"] == entry.get_absolute_url()
    assert "已添加3个佐证文件。" in client.get(page.headers["Location"]).content.decode()
    assert list(entry.evidence.order_by("pk").values_list("attachment__name", flat=True)) == ["1.jpg", "2.png", "3.pdf"]


def test_bad_file_is_named_with_its_reason_and_the_others_are_added(client: Client, entry: ProgressEntry) -> None:
    page = send(client, entry, {"1.jpg": uploads.photo(1), "图.svg": b"<svg/>", "空.jpg": b""}, stage=BEFORE)

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert errors(page) == [
        "图.svg：只接收 PDF、JPEG、PNG、WebP 文件。",
        "空.jpg：文件是空的，请重新选择。",
    ]
    assert "已添加1个佐证文件。" in page.content.decode()
    assert "有文件未能添加" in page.content.decode()
    assert entry.evidence.get().stage == BEFORE


def test_reload_answers_again_and_adds_nothing(client: Client, entry: ProgressEntry, media: Path) -> None:
    receipt, bodies = uuid.uuid4(), {"1.jpg": uploads.photo(1), "图.svg": b"<svg/>"}

    first, again = (send(client, entry, bodies, receipt=receipt) for _ in range(2))

    assert errors(first) == errors(again)
    assert "已添加1个佐证文件。" in again.content.decode()
    assert entry.evidence.count() == 1
    assert sum(path.is_file() for path in media.rglob("*")) == 2


def test_used_receipt_takes_no_other_file_and_the_page_brings_a_fresh_one(client: Client, entry: ProgressEntry) -> None:
    receipt = uuid.uuid4()
    send(client, entry, {"1.jpg": uploads.photo(1)}, receipt=receipt)

    page = send(client, entry, {"1.jpg": uploads.photo(2)}, receipt=receipt)

    assert "此提交凭据已用于另一份内容" in page.content.decode()
    assert str(receipt) not in page.content.decode()
    assert entry.evidence.count() == 1


def test_same_file_again_is_told_so(client: Client, entry: ProgressEntry) -> None:
    send(client, entry, {"1.jpg": uploads.photo(1)})

    page = send(client, entry, {"改名.jpg": uploads.photo(1), "2.jpg": uploads.photo(2)})

    assert errors(page) == ["改名.jpg：此文件已在佐证中，未重复添加。"]
    assert entry.evidence.count() == 2


@pytest.mark.parametrize(
    ("bodies", "reason"),
    [
        ({}, "请选择要上传的文件。"),
        ({f"{number}.pdf": make.pdf(str(number)) for number in range(11)}, "一次最多上传10个文件。"),
    ],
    ids=["none", "eleven"],
)
def test_too_few_and_too_many_files_are_told_so(
    client: Client, entry: ProgressEntry, bodies: Bodies, reason: str
) -> None:
    page = send(client, entry, bodies)

    assert (page.status_code, errors(page)) == (HTTPStatus.UNPROCESSABLE_ENTITY, [reason])


def test_file_over_the_limit_is_refused_and_not_even_read(client: Client, entry: ProgressEntry) -> None:
    page = send(client, entry, {"大.pdf": make.pdf().ljust(MAX_BYTES + 1), "1.pdf": make.pdf()})

    assert errors(page) == ["大.pdf：文件过大：单个文件不超过 10 MB。"]
    assert entry.evidence.count() == 1


def test_request_with_a_flood_of_files_is_refused(client: Client, entry: ProgressEntry) -> None:
    page = send(client, entry, {f"{number}.pdf": b"%PDF-" for number in range(21)})

    assert (page.status_code, entry.evidence.count()) == (HTTPStatus.BAD_REQUEST, 0)


def test_script_is_told_in_json(client: Client, entry: ProgressEntry) -> None:
    headers = {"Accept": "application/json"}

    added = send(client, entry, {"1.jpg": uploads.photo(1)}, headers=headers)
    refused = send(client, entry, {"图.svg": b"<svg/>"}, headers=headers)

    assert added.json() == {"state": "added", "message": "已添加1个佐证文件。"}
    assert refused.json() == {"state": "refused", "message": "图.svg：只接收 PDF、JPEG、PNG、WebP 文件。"}
    assert (added.status_code, refused.status_code) == (HTTPStatus.OK, HTTPStatus.UNPROCESSABLE_ENTITY)


def test_script_of_another_person_is_told_so(client: Client, team: make.Team, entry: ProgressEntry) -> None:
    signed_in(client, team.reviewer)

    answer = send(client, entry, {"1.jpg": uploads.photo(1)}, headers={"Accept": "application/json"})

    assert (answer.status_code, answer.json()["state"]) == (HTTPStatus.FORBIDDEN, "refused")


def test_tile_tells_time_place_stage_and_what_is_odd(client: Client, entry: ProgressEntry, team: make.Team) -> None:
    other = make.entry(by=team)
    body = uploads.photo(taken="2025:01:12 10:00:00", place=uploads.XIANGYUAN)
    evidence = make.evidence(entry, team.clerk, body, name="照片.jpg", stage=AFTER)
    make.evidence(other, team.clerk, body)

    words = look(client, entry)

    for word in (
        *("照片.jpg", "治理后", "2025年1月12日 10:00", "北纬 36.570000° 东经 112.980000°"),
        *("⚑ 拍摄地点不在本县", "拍摄地点约在襄垣县，不在上党区。"),
        *("⚑ 拍摄时间不在本调度期", "早于2025年3月"),
        *("⚑ 同一照片另有使用", str(other)),
        evidence.attachment.sha256[:12],
    ):
        assert word in words


def test_photo_without_facts_says_so_quietly(client: Client, entry: ProgressEntry, team: make.Team) -> None:
    make.evidence(entry, team.clerk, uploads.photo())

    words = look(client, entry)

    assert "无拍摄信息" in words
    assert "⚑" not in words


def test_stage_is_said_anew_and_a_file_taken_off(client: Client, entry: ProgressEntry, team: make.Team) -> None:
    photo = make.evidence(entry, team.clerk, uploads.photo())

    changed = {"receipt": uuid.uuid4(), "evidence": photo.pk, "stage": AFTER}
    client.post(reverse("evidence_stage", args=[entry.pk]), changed)
    now = entry.evidence.get()
    page = client.get(entry.get_absolute_url()).content.decode()
    client.post(reverse("evidence_remove", args=[entry.pk]), {"receipt": uuid.uuid4(), "evidence": now.pk})

    assert now.stage == AFTER
    assert "改照片阶段" in page
    assert not Evidence.objects.exists()


@pytest.mark.parametrize("name", ["evidence_stage", "evidence_remove"])
def test_mangled_change_is_refused(client: Client, entry: ProgressEntry, team: make.Team, name: str) -> None:
    photo = make.evidence(entry, team.clerk, uploads.photo())
    address = reverse(name, args=[entry.pk])

    bare = client.post(address, {"receipt": uuid.uuid4()})
    gone = client.post(address, {"receipt": uuid.uuid4(), "evidence": photo.pk + 1, "stage": AFTER})

    assert (bare.status_code, gone.status_code) == (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.NOT_FOUND)
    assert entry.evidence.get().stage == ""


def test_reported_entry_keeps_its_files(client: Client, entry: ProgressEntry, team: make.Team) -> None:
    photo = make.evidence(entry, team.clerk, uploads.photo())
    make.walk(entry, EntryStatus.SUBMITTED, by=team)

    added = send(client, entry, {"2.jpg": uploads.photo(2)})
    off = {"receipt": uuid.uuid4(), "evidence": photo.pk}
    taken_off = client.post(reverse("evidence_remove", args=[entry.pk]), off)

    for page in (added, taken_off):
        assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert "报送后不能再改佐证，请先撤回。" in page.content.decode()
    assert entry.evidence.count() == 1


def test_file_is_a_download_and_its_thumbnail_a_picture(client: Client, entry: ProgressEntry, team: make.Team) -> None:
    photo = make.evidence(entry, team.clerk, uploads.photo(format="PNG"), name="北张村.png").attachment

    file = client.get(reverse("attachment", args=[photo.pk]))
    small = client.get(reverse("thumbnail", args=[photo.pk]))

    assert file.headers["Content-Disposition"] == "attachment; filename*=utf-8''%E5%8C%97%E5%BC%A0%E6%9D%91.png"
    assert (file.headers["Content-Type"], small.headers["Content-Type"]) == ("image/png", "image/jpeg")
    assert small.headers["Content-Disposition"].startswith("inline;")
    assert small.getvalue().startswith(b"\xff\xd8\xff")
    for answer in (file, small):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-store"


def test_paper_has_no_thumbnail(client: Client, entry: ProgressEntry, team: make.Team) -> None:
    paper = make.evidence(entry, team.clerk).attachment

    assert client.get(reverse("thumbnail", args=[paper.pk])).status_code == HTTPStatus.NOT_FOUND
    assert reverse("thumbnail", args=[paper.pk]) not in client.get(entry.get_absolute_url()).content.decode()


@pytest.mark.parametrize("name", ["attachment", "thumbnail"])
def test_file_is_not_found_elsewhere_nor_once_it_is_taken_off(
    client: Client, entry: ProgressEntry, team: make.Team, name: str
) -> None:
    photo = make.evidence(entry, team.clerk, uploads.photo())
    address = reverse(name, args=[photo.attachment_id])

    stranger = signed_in(Client(), make.user(Role.CLERK, make.OTHER_COUNTY)).get(address)
    off = {"receipt": uuid.uuid4(), "evidence": photo.pk}
    client.post(reverse("evidence_remove", args=[entry.pk]), off)

    assert stranger.status_code == client.get(address).status_code == HTTPStatus.NOT_FOUND


def test_required_evidence_is_announced_on_form_and_page(client: Client, team: make.Team) -> None:
    signed_in(client, team.clerk)
    series = make.series(make.indicator(evidence_required=True))
    new = client.get(f"{reverse('entry_new')}?series={series.pk}&period={make.period().pk}").content.decode()
    entry = make.entry(series, by=team)
    edit = client.get(reverse("entry_edit", args=[entry.pk])).content.decode()
    asked = {"receipt": uuid.uuid4(), "version": entry.version}

    page = client.post(reverse("entry_step", args=[entry.pk, "submit"]), asked)

    assert "须附佐证" in new and "先保存草稿，再添加照片或文件，然后报送。" in new
    assert "须附佐证" in edit and f"{entry.get_absolute_url()}#evidence" in edit
    assert "须附佐证" in section(page)
    assert "此指标须附佐证材料" in page.content.decode()


def test_march_is_compared_with_january(client: Client, team: make.Team) -> None:
    signed_in(client, team.reviewer)
    series = make.series()
    january, march = (make.entry(series, when=make.period(2025, month), by=team) for month in (1, 3))
    before = [make.evidence(january, team.clerk, uploads.photo(n), stage=BEFORE) for n in range(2)]
    after = make.evidence(march, team.clerk, uploads.photo("after"), stage=AFTER)

    page = client.get(reverse("photos", args=[march.pk]))
    asked: dict[str, str | int] = {"before": before[1].pk, "after": "x' OR 1=1"}
    other = client.get(reverse("photos", args=[march.pk]), asked)

    assert shown(page) == [before[0].attachment_id, after.attachment_id]
    assert shown(other) == [before[1].attachment_id, after.attachment_id]
    assert [link.text.split() for link in soup(page).select(".strip a[aria-current]")] == [["2025年1月", "治理前"]]


def soup(page: Page) -> BeautifulSoup:
    return BeautifulSoup(page.content, "html.parser")


def shown(page: Page) -> list[int]:
    """The attachments of the two pictures."""
    return [int(str(image["src"]).split("/")[2]) for image in soup(page).select("figure img")]


def test_comparison_without_photos_says_what_is_missing(client: Client, entry: ProgressEntry) -> None:
    page = client.get(reverse("photos", args=[entry.pk])).content.decode()

    assert "还没有标为“治理前”的照片" in page
    assert "还没有标为“治理后”或“治理中”的照片" in page


def test_comparison_of_another_county_is_not_found(client: Client, entry: ProgressEntry) -> None:
    signed_in(client, make.user(Role.LEADER, make.OTHER_COUNTY))

    assert client.get(reverse("photos", args=[entry.pk])).status_code == HTTPStatus.NOT_FOUND


def test_staff_decides_anew_whether_an_indicator_needs_evidence_and_nothing_else(client: Client) -> None:
    area = make.indicator(name="治理面积", evidence_required=False)
    staff = make.user(is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="change_indicator"))
    address = reverse("admin:progress_indicator_change", args=[area.pk])

    answer = signed_in(client, staff).post(address, {"evidence_required": "on", "name": "别的", "unit": "公顷"})

    assert answer.status_code == HTTPStatus.FOUND
    area.refresh_from_db()
    assert (area.evidence_required, area.name, area.unit) == (True, "治理面积", "亩")
    told = AuditEvent.objects.get(action="indicator.change")
    assert told.before is not None
    assert told.after is not None
    assert (told.before["evidence_required"], told.after["evidence_required"]) == (False, True)
