"""What stands out about a mine's land: said once, brought up to date, and cleared when it is no longer so."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from accounts.refusals import NotAllowed
from projects.models import Condition
from subsidence.models import Parcel, Settlement, Stage, TreatmentDuty
from subsidence.refusals import Invalid
from subsidence.services import duties, watch
from tests import factories as make
from tests.pages import Page, signed_in
from tests.subsidence import farm, ground

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)
DUE = datetime.date(2026, 3, 1)


def new_land(due_on: datetime.date = DUE, area: int = 20) -> Parcel:
    """增量 whose duty is overdue by a day at farm.AT."""
    return farm.parcel(area, subsided_on=datetime.date(2025, 1, 20), due_on=due_on)


def told(kind: str) -> list[str]:
    return list(Condition.objects.filter(kind=kind, until=None).values_list("sentence", flat=True))


def test_overdue_duty_is_told_on_its_mine_until_the_land_is_struck_off() -> None:
    parcel = new_land()

    watch.watch(at=farm.AT)
    watch.watch(at=farm.AT + DAY)

    condition = Condition.objects.get(kind=watch.OVERDUE)
    assert condition.subject == parcel.duty.mine.subject
    assert (condition.since, condition.facts["days"]) == (farm.AT, 2)
    assert condition.sentence == f"图斑{parcel}的治理期限为2026-03-01，已逾期2天，尚未销号。"

    team = make.team()
    farm.walk(parcel, Stage.PUBLISHED, by=team)
    farm.step(parcel, Stage.CLOSED, 19, by=team)
    assert told(watch.OVERDUE) != []
    last = farm.step(parcel, Stage.CLOSED, 1, by=team)
    assert told(watch.OVERDUE) == []
    assert TreatmentDuty.objects.get().closed_on == last.on

    farm.reversal(last, by=team)
    assert TreatmentDuty.objects.get().closed_on is None
    assert len(told(watch.OVERDUE)) == 1
    actions = AuditEvent.objects.filter(action__startswith="duty.").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["duty.close", "duty.reopen"]


def test_resurvey_that_finds_more_opens_the_duty_again() -> None:
    parcel, team = new_land(datetime.date(2027, 1, 1)), make.team()
    farm.walk(parcel, Stage.CLOSED, by=team)
    assert TreatmentDuty.objects.get().closed_on

    farm.step(parcel, Stage.SURVEYED, 5, datetime.date(2026, 1, 10), by=team)

    assert TreatmentDuty.objects.get().closed_on is None


def test_duty_is_not_overdue_on_its_last_day() -> None:
    new_land(farm.AT.date())

    watch.watch(at=farm.AT)
    assert told(watch.OVERDUE) == []
    watch.watch(at=farm.AT + DAY)
    assert len(told(watch.OVERDUE)) == 1


def test_verifier_puts_a_deadline_off_by_a_document_and_the_condition_goes() -> None:
    duty, team = new_land().duty, make.team()
    watch.watch(at=farm.AT)
    later = datetime.date(2026, 9, 1)
    asked: dict[str, Any] = {
        "duty": duty,
        "seen": DUE,
        "document": "长自然资函〔2026〕3号",
        "reason": "雨季停工",
        "at": farm.AT,
    }

    for person in (team.clerk, team.reviewer, make.team(make.OTHER_COUNTY).reviewer):
        with pytest.raises(NotAllowed):
            duties.extend(due_on=later, by=person, **asked)
    for day in (duty.opened_on, DUE):
        with pytest.raises(Invalid):
            duties.extend(due_on=day, by=team.verifier, **asked)
    duties.extend(due_on=later, by=team.verifier, **asked)
    with pytest.raises(duties.StaleDeadline, match="2026年9月1日"):
        duties.extend(due_on=datetime.date(2026, 10, 1), by=team.verifier, **asked)

    assert told(watch.OVERDUE) == []
    event = AuditEvent.objects.get(action="duty.extend")
    assert (event.before, event.reason) == ({"due_on": "2026-03-01"}, "雨季停工")
    assert event.after == {"due_on": "2026-09-01", "document": "长自然资函〔2026〕3号"}


def test_closed_duty_has_no_deadline_to_change() -> None:
    parcel = new_land()
    farm.walk(parcel, Stage.CLOSED)

    with pytest.raises(duties.DutyClosed):
        duties.extend(
            duty=parcel.duty,
            due_on=datetime.date(2027, 1, 1),
            seen=DUE,
            document="文",
            reason="误",
            by=make.team().verifier,
            at=farm.AT,
        )


def test_deadline_page_keeps_what_was_typed_beside_what_stands_now(client: Client) -> None:
    parcel, team = new_land(), make.team()
    url = reverse("duty_extend", args=[parcel.code])
    typed = {"seen": f"{DUE:%F}", "due_on": "2026-09-01", "document": "文3号", "reason": "雨季停工"}
    signed_in(client, team.verifier)

    def send(**changes: str) -> Page:
        return client.post(url, {"receipt": uuid.uuid4(), **typed, **changes})

    assert client.get(url).context["form"].initial["seen"] == DUE
    assert send(due_on="2025-01-20").context["form"].errors == {"due_on": ["治理期限必须晚于沉陷日期。"]}
    assert send(reason="").status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert send()["Location"] == parcel.get_absolute_url()
    stale = send(due_on="2026-10-01")

    assert (stale.status_code, stale.context["form"]["due_on"].value()) == (HTTPStatus.CONFLICT, "2026-10-01")
    assert "2026-03-01 改为 2026-09-01（文3号）" in stale.content.decode()
    assert f"{stale.context['form']['seen'].value()}" == "2026-09-01"
    assert signed_in(client, team.clerk).get(url).status_code == HTTPStatus.NOT_FOUND
    page = client.get(parcel.get_absolute_url()).content.decode()
    assert ("雨季停工" in page, "调整期限" in page) == (True, False)


def test_duty_must_be_due_after_its_land_subsided() -> None:
    with pytest.raises(Invalid) as refusal:
        new_land(datetime.date(2025, 1, 20))

    assert refusal.value.field == "due_on"


def test_point_that_sinks_too_fast_is_told_until_it_slows_down() -> None:
    ground.limits()
    point = ground.point()

    ground.read(point, d20260101="0", d20260131="50")
    assert told(watch.FAST) == []
    ground.read(point, d20260210="70")
    watch.watch(at=farm.AT)
    sentence = f"观测点{point}自2026-01-31至2026-02-10下沉20.00 mm，合每30天60.00 mm，超过50.00 mm。"
    assert told(watch.FAST) == [sentence]
    assert Condition.objects.get().subject == point.mine.subject

    ground.read(point, d20260301="71")
    assert told(watch.FAST) == []


def test_land_that_moves_after_its_acceptance_is_told_and_stays_as_accepted() -> None:
    ground.limits()
    parcel, team = farm.parcel(40), make.team()
    farm.walk(parcel, Stage.ACCEPTED, by=team)
    point = ground.point(parcel)

    ground.read(point, d20250801="0", d20260201="30.01")

    parcel.refresh_from_db()
    assert (parcel.settlement, parcel.settlement_basis) == (Settlement.SETTLED, "观测报告")
    sentence = f"图斑{parcel}已验收40.00亩，但观测点{point}未稳沉：2025-08-01至2026-02-01下沉30.01 mm。"
    assert told(watch.ACTIVE) == [sentence]
    watch.watch(at=farm.AT)
    assert told(watch.ACTIVE) == [sentence]

    farm.reversal(parcel.stages.get(stage=Stage.ACCEPTED), by=team)
    watch.watch(at=farm.AT)
    parcel.refresh_from_db()
    assert (told(watch.ACTIVE), parcel.settlement) == ([], Settlement.ACTIVE)


def test_mine_whose_stock_rose_last_month_is_told_with_what_moved_it() -> None:
    mine, team = farm.mine(), make.team()
    march = datetime.datetime(2026, 4, 2, 3, tzinfo=farm.AT.tzinfo)
    parcel = farm.parcel(100, mine, by=team)
    farm.walk(parcel, Stage.PUBLISHED, by=team)
    farm.step(parcel, Stage.CLOSED, 10, datetime.date(2026, 1, 5), by=team)
    farm.step(parcel, Stage.SURVEYED, Decimal("12.5"), datetime.date(2026, 1, 20), by=team)

    february = datetime.datetime(2026, 2, 2, 3, tzinfo=farm.AT.tzinfo)
    watch.watch(at=february)
    assert told(watch.RISING) == ["2026年1月末存量102.50亩，比上月末增加2.50亩（销号 -10.00、复测增减 +12.50）。"]
    assert Condition.objects.get().subject == mine.subject

    watch.watch(at=march)
    assert told(watch.RISING) == []


def test_stock_that_fell_or_stood_still_is_not_told() -> None:
    parcel, team = farm.parcel(100), make.team()
    farm.walk(parcel, Stage.CLOSED, by=team)

    for month in (1, 2):
        watch.watch(at=datetime.datetime(2026, month, 1, 3, tzinfo=farm.AT.tzinfo))

    assert told(watch.RISING) == []


def test_what_is_gone_is_no_longer_told() -> None:
    new_land()
    watch.watch(at=farm.AT)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE subsidence_treatmentduty DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM subsidence_treatmentduty")

    watch.watch(at=farm.AT)

    assert told(watch.OVERDUE) == []


@pytest.mark.django_db(transaction=True)
def test_two_watches_at_once_say_everything_once() -> None:
    ground.limits()
    new_land()
    ground.read(ground.point(), d20260101="0", d20260110="90")
    Condition.objects.all().delete()

    assert ground.at_once(*[lambda: watch.watch(at=farm.AT)] * 2) == [None, None]

    kinds = Condition.objects.filter(until=None).order_by("kind").values_list("kind", flat=True)
    assert list(kinds) == [watch.OVERDUE, watch.FAST]
