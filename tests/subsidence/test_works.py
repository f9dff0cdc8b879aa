"""Works in their order, and photos before, during and after: kept, flagged, needed, and fetched by those who may."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import AuditEvent, Role
from accounts.refusals import NotAllowed
from progress.photos import FlagKind
from projects.refusals import UnfitFile
from projects.services import attachments
from subsidence.models import Moment, Parcel, ParcelPhoto, Stage, SuitedUse, Work
from subsidence.panels.works import photos_panel, works_panel
from subsidence.photos import Picture, pair_of, pictures_of
from subsidence.refusals import Invalid
from subsidence.services import photos, works
from subsidence.services.photos import PhotoNeeded
from subsidence.services.seen import Overtaken
from subsidence.services.works import Content, WorksClosed
from tests import factories as make
from tests import uploads
from tests.factories import COUNTY, OTHER_COUNTY, Team
from tests.pages import Page, signed_in
from tests.subsidence import farm
from tests.subsidence.farm import AT
from tests.uploads import SHANGDANG, XIANGYUAN

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-03-02 10:00 +0800")]

BEFORE, DURING, AFTER = Moment
D = Decimal
TOPSOIL = Content(done_on=datetime.date(2025, 4, 2), quantity=D("1200"), unit="m³")


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(f"2025-{text}")


@pytest.fixture(autouse=True)
def _media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def team(db: None) -> Team:
    return make.team()


def use(suited: SuitedUse, area: int = 100) -> list[tuple[SuitedUse, Decimal]]:
    return [(suited, D(area))]


@pytest.fixture
def parcel(team: Team) -> Parcel:
    """A hundred 亩 that are to be farmland."""
    return farm.parcel(100, by=team, uses=use(SuitedUse.FARM))


def say(parcel: Parcel, team: Team, **said: Content) -> list[Work]:
    seen = works.seen_of(works.works_of(parcel))
    return works.record(parcel=parcel, works=said, seen=seen, by=team.clerk, at=AT)


def add(parcel: Parcel, team: Team, moment: Moment = BEFORE, **photo: Any) -> ParcelPhoto:
    body = SimpleUploadedFile("现场.jpg", uploads.photo(**photo))
    return photos.add(parcel=parcel, kept=attachments.take(body), moment=moment, by=team.clerk, at=AT)


# Works


def test_works_are_recorded_changed_and_told_of(parcel: Parcel, team: Team) -> None:
    say(parcel, team, strip_topsoil=TOPSOIL, fill=Content(planned_on=day("05-01")), sow=Content())
    changed = say(parcel, team, strip_topsoil=TOPSOIL, fill=Content(day("05-01"), day("05-03"), D(3), "万m³", "外运"))

    assert [work.kind for work in changed] == ["fill"]
    assert set(parcel.works.values_list("kind", "done_on", "quantity", "unit")) == {
        ("strip_topsoil", day("04-02"), D("1200"), "m³"),
        ("fill", day("05-03"), D(3), "万m³"),
    }
    assert AuditEvent.objects.filter(action="work.record").count() == 3


@pytest.mark.parametrize(
    ("said", "field", "sentence"),
    [
        ({"fill": Content(done_on=day("04-01"))}, "fill-done_on", "“客土填充”不能早于“剥离表土”完成的 2025-04-02"),
        ({"sow": Content(done_on=day("09-01"))}, "sow-done_on", "“复种”须在“客土填充”之后"),
        ({"fill": Content(done_on=datetime.date(2026, 3, 3))}, "fill-done_on", "不能晚于今天"),
        ({"fill": Content(quantity=D(3))}, "fill-unit", "单位"),
        ({"fill": Content(quantity=D(0), unit="m³")}, "fill-note", "写明原因"),
        ({"fill": Content(quantity=D(0), unit="m³", note="无需", done_on=day("05-01"))}, "fill-quantity", "不需要"),
        ({"plant_trees": Content(done_on=day("05-01"))}, "", "适宜用途不含"),
    ],
)
def test_works_out_of_order_or_half_said_are_refused(
    parcel: Parcel, team: Team, said: dict[str, Content], field: str, sentence: str
) -> None:
    say(parcel, team, strip_topsoil=TOPSOIL)

    with pytest.raises(Invalid, match=sentence) as refused:
        say(parcel, team, **said)

    assert refused.value.field == field
    assert parcel.works.count() == 1


def test_earlier_work_cannot_be_dated_after_a_later_one(parcel: Parcel, team: Team) -> None:
    say(parcel, team, strip_topsoil=TOPSOIL, fill=Content(done_on=day("04-02")))

    with pytest.raises(Invalid):
        say(parcel, team, strip_topsoil=Content(done_on=day("04-03")))


def test_work_that_the_land_does_not_need_stops_none(parcel: Parcel, team: Team) -> None:
    needless = Content(quantity=D(0), unit="m³", note="原土层足够")
    say(parcel, team, strip_topsoil=TOPSOIL, fill=needless, drainage=Content(done_on=day("06-01")))

    panel = works_panel(parcel, team.clerk)
    assert (panel["works_done"], panel["works_taken"]) == (3, 5)


def test_two_clerks_do_not_overwrite_each_other(parcel: Parcel, team: Team) -> None:
    seen = works.seen_of(works.works_of(parcel))
    say(parcel, team, strip_topsoil=TOPSOIL)

    with pytest.raises(Overtaken):
        works.record(parcel=parcel, works={"strip_topsoil": Content()}, seen=seen, by=team.clerk, at=AT)


def test_only_whoever_enters_there_records(parcel: Parcel, team: Team) -> None:
    for person in (team.reviewer, team.verifier, make.user(Role.CLERK, OTHER_COUNTY)):
        with pytest.raises(NotAllowed):
            works.record(parcel=parcel, works={}, seen=works.seen_of({}), by=person, at=AT)


def test_works_of_a_parcel_accepted_in_part_go_on(team: Team) -> None:
    parcel = farm.walk(farm.parcel(100, by=team), Stage.ACCEPTED, 40, by=team)

    say(parcel, team, bank=Content(done_on=day("11-02")))

    assert works_panel(parcel, team.clerk)["may_record_works"]


def test_whole_accepted_parcel_refuses_works(team: Team) -> None:
    parcel = farm.walk(farm.parcel(100, by=team), Stage.ACCEPTED, by=team)

    with pytest.raises(WorksClosed):
        say(parcel, team, bank=Content(done_on=day("04-02")))
    assert not works_panel(parcel, team.clerk)["may_record_works"]


def test_work_past_its_planned_day_shows(parcel: Parcel, team: Team) -> None:
    say(parcel, team, strip_topsoil=Content(planned_on=datetime.date(2026, 3, 1)))

    late = [row.kind.value for row in works_panel(parcel, team.clerk)["work_rows"] if row.is_late]
    assert late == ["strip_topsoil"]


# Pages of works


def form_of(page: Page) -> dict[str, str]:
    """What the form on a page would send as it stands."""
    inputs = BeautifulSoup(page.content, "html.parser").select("main form input")
    return {str(each["name"]): str(each.get("value", "")) for each in inputs if each["name"] != "csrfmiddlewaretoken"}


def test_clerk_fills_in_the_table(parcel: Parcel, team: Team, client: Client) -> None:
    signed_in(client, team.clerk)
    url = reverse("parcel_works", args=[parcel.code])
    form = form_of(client.get(url))

    saved = client.post(url, {**form, "strip_topsoil-done_on": "2025-04-02", "strip_topsoil-note": "堆存"})

    assert saved.status_code == HTTPStatus.FOUND
    assert form_of(client.get(url))["strip_topsoil-done_on"] == "2025-04-02"


def test_refused_table_keeps_what_was_typed_at_its_cell(parcel: Parcel, team: Team, client: Client) -> None:
    signed_in(client, team.clerk)
    url = reverse("parcel_works", args=[parcel.code])
    typed = {**form_of(client.get(url)), "fill-done_on": "2025-04-02", "sow-quantity": "一百"}

    page = client.post(url, typed)
    typed["sow-quantity"] = "100"
    typed["sow-unit"] = "亩"
    again = client.post(url, typed)

    assert (page.status_code, again.status_code) == (HTTPStatus.UNPROCESSABLE_ENTITY,) * 2
    cell = BeautifulSoup(again.content, "html.parser").select_one("td:has(#id_fill-done_on)")
    assert cell and "须在“剥离表土”之后" in cell.text
    assert form_of(again)["sow-quantity"] == "100"


def test_overtaken_table_shows_both_and_may_be_sent_again(parcel: Parcel, team: Team, client: Client) -> None:
    signed_in(client, team.clerk)
    url = reverse("parcel_works", args=[parcel.code])
    typed = {**form_of(client.get(url)), "strip_topsoil-note": "我的说明"}
    say(parcel, team, strip_topsoil=Content(note="他的说明"))

    page = client.post(url, typed)

    assert page.status_code == HTTPStatus.CONFLICT
    assert "他的说明" in page.text
    assert client.post(url, form_of(page)).status_code == HTTPStatus.FOUND
    assert parcel.works.get().note == "我的说明"


# Photos


def test_photo_is_cleaned_and_shows_a_moment_of_a_work(parcel: Parcel, team: Team) -> None:
    [work] = say(parcel, team, strip_topsoil=TOPSOIL)
    body = SimpleUploadedFile("现场.jpg", uploads.photo(taken="2025:04:02 10:00:00", place=SHANGDANG))
    photo = photos.add(parcel=parcel, kept=attachments.take(body), moment=DURING, work=work, by=team.clerk, at=AT)

    assert (photo.moment, photo.work) == (DURING, work)
    assert photo.attachment.taken_at and photo.attachment.thumbnail


def test_paper_the_same_photo_again_and_another_parcels_work_are_not_taken(parcel: Parcel, team: Team) -> None:
    add(parcel, team, seed=1)
    other = farm.parcel(1, by=team)
    [work] = say(other, team, bank=Content(note="石笼"))

    with pytest.raises(UnfitFile, match="未重复添加"):
        add(parcel, team, AFTER, seed=1)
    with pytest.raises(UnfitFile, match="只收照片"):
        kept = attachments.take(SimpleUploadedFile("验收单.pdf", make.pdf()))
        photos.add(parcel=parcel, kept=kept, moment=AFTER, by=team.clerk, at=AT)
    with pytest.raises(Invalid):
        kept = attachments.take(SimpleUploadedFile("2.jpg", uploads.photo(2)))
        photos.add(parcel=parcel, kept=kept, moment=AFTER, work=work, by=team.clerk, at=AT)
    assert parcel.photos.count() == 1


def flags(picture: Picture) -> list[FlagKind]:
    return [flag.kind for flag in picture.flags]


def test_photo_from_another_county_or_parcel_is_flagged_and_kept(
    parcel: Parcel, team: Team, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    other = farm.parcel(1, by=team)
    hidden = farm.parcel(1, farm.mine(OTHER_COUNTY), "140423100", by=make.team(OTHER_COUNTY))
    add(parcel, team, seed=1, place=SHANGDANG)
    add(parcel, team, seed=2, place=XIANGYUAN)
    add(other, team, AFTER, seed=1, place=SHANGDANG)
    add(hidden, make.team(OTHER_COUNTY), AFTER, seed=1, place=SHANGDANG)

    visible = Parcel.objects.visible_to(team.clerk)
    with django_assert_num_queries(3):
        near, far = pictures_of(parcel, visible=visible)

    assert (flags(near), flags(far)) == ([FlagKind.REUSED], [FlagKind.PLACE])
    assert near.flags[0].sentence == "这张照片还用于另外2个图斑。"
    assert near.also_in == [other]
    assert far.flags[0].sentence == "拍摄地点约在襄垣县，不在上党区。"


def test_pair_is_the_first_before_and_the_last_after(parcel: Parcel, team: Team) -> None:
    shot = [
        add(parcel, team, moment, seed=n) for n, moment in enumerate((DURING, BEFORE, AFTER, BEFORE, AFTER, DURING))
    ]
    pictures = pictures_of(parcel, visible=Parcel.objects.visible_to(team.clerk))

    def pair(**asked: int) -> list[ParcelPhoto]:
        found = pair_of(pictures, **asked)
        return [each.photo for each in (found.before, found.after) if each]

    assert pair() == [shot[1], shot[4]]
    assert pair(before=shot[3].pk, after=shot[5].pk) == [shot[3], shot[5]]
    assert pair(before=shot[2].pk) == [shot[1], shot[4]]


def test_photo_that_a_stage_rests_on_stays(parcel: Parcel, team: Team) -> None:
    first, second = add(parcel, team, seed=1), add(parcel, team, seed=2)
    photos.remove(photo=second, by=team.clerk)
    farm.step(parcel, Stage.APPROVED, 100, by=team)
    farm.step(parcel, Stage.STARTED, 100, by=team)

    with pytest.raises(PhotoNeeded, match="开工"):
        photos.remove(photo=first, by=team.clerk)
    with pytest.raises(NotAllowed):
        photos.remove(photo=first, by=team.verifier)


# Pages of photos


def send(client: Client, parcel: Parcel, bodies: dict[str, bytes], **said: Any) -> Page:
    files = [SimpleUploadedFile(name, body) for name, body in bodies.items()]
    form = {"receipt": uuid.uuid4(), "file": files, "stage": BEFORE.value, "work": "", **said}
    return client.post(reverse("parcel_photos", args=[parcel.code]), form)


def test_photos_are_sent_together_each_with_its_result(parcel: Parcel, team: Team, client: Client) -> None:
    signed_in(client, team.clerk)
    receipt = uuid.uuid4()

    sent = send(client, parcel, {"1.jpg": uploads.photo(1), "2.jpg": uploads.photo(2)}, receipt=receipt)
    again = send(client, parcel, {"1.jpg": uploads.photo(1), "2.jpg": uploads.photo(2)}, receipt=receipt)
    mixed = send(client, parcel, {"3.jpg": uploads.photo(3), "4.jpg": b"<svg/>"})
    unsaid = send(client, parcel, {"5.jpg": uploads.photo(5)}, stage="")

    assert [page.status_code for page in (sent, again, mixed, unsaid)] == [302, 302, 422, 422]
    assert "4.jpg" in mixed.text and "治理前、治理中还是治理后" in unsaid.text
    assert parcel.photos.count() == 3


def test_photos_go_to_those_who_may_see_the_parcel(parcel: Parcel, team: Team, client: Client) -> None:
    photo = add(parcel, team)
    urls = [reverse(name, args=[parcel.code, photo.pk]) for name in ("parcel_photo", "parcel_photo_thumbnail")]

    seen = {}
    for person in (team.reviewer, make.user(Role.CLERK, OTHER_COUNTY), make.user(Role.CLERK, COUNTY, "water")):
        signed_in(client, person)
        seen[person] = [client.get(url).status_code for url in urls]
    whole, small = (signed_in(client, team.verifier).get(url) for url in urls)
    strange = client.get(reverse("parcel_photo", args=[farm.parcel(1, by=team).code, photo.pk]))

    assert list(seen.values()) == [[200, 200], [404, 404], [404, 404]]
    assert whole["Content-Disposition"].startswith("attachment")
    assert whole["X-Content-Type-Options"] == small["X-Content-Type-Options"] == "nosniff"
    assert strange.status_code == HTTPStatus.NOT_FOUND


def test_any_photo_can_be_put_into_the_comparison(parcel: Parcel, team: Team, client: Client) -> None:
    add(parcel, team, seed=1)
    second, after = add(parcel, team, seed=2), add(parcel, team, AFTER, seed=3)
    url = reverse("parcel_photos", args=[parcel.code])

    page = BeautifulSoup(signed_in(client, team.clerk).get(url).content, "html.parser")
    [offer] = [str(link["href"]) for link in page.select(".proof a") if link.text == "放入对比"]
    other = BeautifulSoup(client.get(url + offer).content, "html.parser")

    assert offer == f"?before={second.pk}&after={after.pk}"
    chosen = [reverse("parcel_photo", args=[parcel.code, photo.pk]) for photo in (second, after)]
    assert [str(img["src"]) for img in other.select(".pair img")] == chosen


def test_page_shows_before_beside_after_and_takes_photos_off(parcel: Parcel, team: Team, client: Client) -> None:
    before, after = add(parcel, team, seed=1), add(parcel, team, AFTER, seed=2)
    url = reverse("parcel_photos", args=[parcel.code])

    page = BeautifulSoup(signed_in(client, team.clerk).get(url).content, "html.parser")
    shown = [str(img["src"]) for img in page.select(".pair img")]
    form = {"receipt": uuid.uuid4(), "photo": before.pk}
    removed = client.post(reverse("parcel_photo_remove", args=[parcel.code]), form)
    refused = signed_in(client, team.reviewer).post(
        reverse("parcel_photo_remove", args=[parcel.code]), {"receipt": uuid.uuid4(), "photo": after.pk}
    )

    assert shown == [reverse("parcel_photo", args=[parcel.code, photo.pk]) for photo in (before, after)]
    assert (removed.status_code, refused.status_code) == (HTTPStatus.FOUND, HTTPStatus.FORBIDDEN)
    assert list(parcel.photos.all()) == [after]
    assert photos_panel(parcel, team.reviewer)["may_photograph"] is False
