"""Signing in and out, in the user's language."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from tests import factories as make

pytestmark = pytest.mark.django_db

LOGIN = reverse("login")
PASSWORD = "correct horse battery"


def person() -> str:
    user = make.user(display_name="张三")
    user.set_password(PASSWORD)
    user.save()
    return user.username


def test_right_password_leads_to_where_the_person_was_going(client: Client) -> None:
    answer = client.post(LOGIN, {"username": person(), "password": PASSWORD, "next": reverse("overview")})

    assert answer["Location"] == reverse("overview")


def test_next_on_another_host_is_ignored(client: Client) -> None:
    answer = client.post(LOGIN, {"username": person(), "password": PASSWORD, "next": "https://elsewhere.example/"})

    assert answer["Location"] == reverse("home")


def test_wrong_password_is_told_once_and_above_the_form(client: Client) -> None:
    page = client.post(LOGIN, {"username": person(), "password": "wrong"})

    alert = BeautifulSoup(page.content, "html.parser").find(role="alert")
    assert alert is not None
    assert "请输入一个正确的用户名和密码" in alert.get_text()


def test_empty_form_names_each_missing_input_and_links_to_it(client: Client) -> None:
    soup = BeautifulSoup(client.post(LOGIN).content, "html.parser")

    links = [link["href"] for link in soup.select("[role=alert] a")]
    assert links == ["#id_username", "#id_password"]
    username = soup.select_one("#id_username")
    assert username is not None
    assert (username["aria-invalid"], username["aria-describedby"]) == ("true", "id_username_error")
    assert "is-invalid" in str(username["class"])


def test_sign_out_is_a_post_and_ends_the_session(client: Client) -> None:
    client.force_login(make.user())

    assert client.get(reverse("logout")).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert client.post(reverse("logout"))["Location"] == LOGIN
    assert client.get("/").status_code == HTTPStatus.FOUND


def test_login_page_is_chinese_until_switched(client: Client) -> None:
    first = client.get(LOGIN, headers={"accept-language": "en"})
    client.post(reverse("set_language"), {"language": "en"})
    second = client.get(LOGIN)

    assert '<html lang="zh-Hans">' in first.content.decode()
    assert '<html lang="en">' in second.content.decode()
