"""The inbox: told once, unread first, read when opened or all together."""

from __future__ import annotations

import datetime
import uuid
from http import HTTPStatus

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Message, User
from accounts.services.messages import Note, mark_all_read, mark_read, send
from tests import factories as make
from tests.pages import Page, signed_in

pytestmark = pytest.mark.django_db

AT = datetime.datetime(2025, 4, 2, 8, tzinfo=datetime.UTC)
LATER = AT + datetime.timedelta(hours=1)
INBOX = reverse("messages")


def told(*people: User, key: str = "due:1", text: str = "2025年3月还有 5 项未报") -> list[Message]:
    """The message of one occasion in each person's inbox."""
    send([Note(person.pk, key, text, "/tasks/") for person in people], at=AT)
    return [person.inbox.get(key=key) for person in people]


def lists(page: Page) -> list[list[str]]:
    """The texts of the unread and of the read messages shown."""
    found = BeautifulSoup(page.content, "html.parser").select("ul.inbox")
    return [[button.get_text(strip=True) for button in each.select("li button")] for each in found]


def test_person_is_told_of_an_occasion_once() -> None:
    one, other = make.user(), make.user()

    told(one)
    told(one, other, text="另一种说法")
    told(one, key="due:2")

    assert sorted(one.inbox.values_list("key", "text")) == [
        ("due:1", "2025年3月还有 5 项未报"),
        ("due:2", "2025年3月还有 5 项未报"),
    ]
    assert other.inbox.get().text == "另一种说法"


def test_many_messages_are_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    people = [make.user() for _ in range(50)]

    with django_assert_num_queries(1):
        send([Note(person.pk, "due:1", "…", "/") for person in people], at=AT)

    assert Message.objects.count() == 50


def test_unread_messages_stand_before_the_others(client: Client) -> None:
    person = make.user()
    for number in range(4):
        told(person, key=str(number), text=f"第{number}封")
    mark_read(person.inbox.get(key="3"), at=LATER)

    page = signed_in(client, person).get(INBOX)

    assert lists(page) == [["第2封", "第1封", "第0封"], ["第3封"]]


def test_head_of_every_page_counts_what_is_unread(client: Client) -> None:
    person = make.user()
    for number in range(3):
        told(person, key=str(number))
    signed_in(client, person)

    before = client.get("/").context["unread_count"]
    client.post(reverse("message", args=[person.inbox.all()[0].pk]))
    after = client.get("/").context["unread_count"]

    assert (before, after) == (3, 2)


def test_opening_a_message_leads_to_what_it_is_about(client: Client) -> None:
    [message] = told(person := make.user())

    answer = signed_in(client, person).post(reverse("message", args=[message.pk]))

    message.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (HTTPStatus.FOUND, "/tasks/")
    assert message.read_at is not None


def test_message_remembers_when_it_was_first_opened() -> None:
    [message] = told(make.user())

    mark_read(message, at=AT)
    mark_read(message, at=LATER)

    message.refresh_from_db()
    assert message.read_at == AT


def test_message_of_another_person_is_not_found(client: Client) -> None:
    [message] = told(make.user())

    answer = signed_in(client, make.user()).post(reverse("message", args=[message.pk]))

    message.refresh_from_db()
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert message.read_at is None


def test_all_that_was_seen_is_marked_read_and_no_more(client: Client) -> None:
    person, other = make.user(), make.user()
    told(person, key="1")
    [seen, _others] = told(person, other, key="2")
    through = signed_in(client, person).get(INBOX).context["form"]["through"].value()
    told(person, key="3")

    answer = client.post(reverse("messages_read"), {"receipt": uuid.uuid4(), "through": through}, follow=True)

    assert through == seen.pk
    assert list(person.inbox.filter(read_at=None).values_list("key", flat=True)) == ["3"]
    assert other.inbox.filter(read_at=None).count() == 1
    assert "已将2封站内信标为已读。" in answer.content.decode()


def test_mangled_form_changes_nothing(client: Client) -> None:
    told(person := make.user())

    answer = signed_in(client, person).post(reverse("messages_read"), {"receipt": "x", "through": "x"})

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert person.inbox.filter(read_at=None).count() == 1


def test_long_inbox_is_paged(client: Client) -> None:
    person = make.user()
    send([Note(person.pk, str(number), f"第{number}封", "/") for number in range(60)], at=AT)
    mark_all_read(by=person, through=person.inbox.latest("pk").pk, at=LATER)
    signed_in(client, person)

    first = client.get(INBOX)
    second = client.get(INBOX + first.context["page"].next_url)

    assert [len(lists(page)[1]) for page in (first, second)] == [50, 10]


@pytest.mark.parametrize("rows", [1, 3])
def test_inbox_asks_the_same_number_of_queries(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, rows: int
) -> None:
    person = make.user()
    for number in range(rows):
        told(person, key=str(number))
        told(person, key=f"read {number}")
        mark_read(person.inbox.get(key=f"read {number}"), at=LATER)
    signed_in(client, person)

    with django_assert_num_queries(6):
        client.get(INBOX)
