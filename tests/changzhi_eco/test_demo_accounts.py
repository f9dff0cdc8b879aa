"""What the command prints is what signs in."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from knox.auth import TokenAuthentication
from pytest_django import Settings

from accounts.models import AuditEvent, Role, User
from accounts.policy import Action, can
from changzhi_eco.demo.accounts import ACCOUNTS
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def counties() -> None:
    for account in ACCOUNTS:
        make.region(account.region)


@pytest.fixture
def real_hasher(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Passwords by username, and the token under ""."""
    call_command("demo_accounts")
    _heading, *rows, token = capsys.readouterr().out.splitlines()
    return {**{row.split()[0]: row.split()[1] for row in rows}, "": token.rpartition("：")[2]}


def test_every_account_is_printed_with_its_own_password(capsys: pytest.CaptureFixture[str]) -> None:
    passwords = printed(capsys)

    assert passwords.keys() == {account.username for account in ACCOUNTS} | {""}
    assert len(set(passwords.values())) == len(ACCOUNTS) + 1


@pytest.mark.usefixtures("real_hasher")
def test_printed_password_signs_in_and_the_one_before_no_longer_does(capsys: pytest.CaptureFixture[str]) -> None:
    before = printed(capsys)

    now = printed(capsys)

    assert User.objects.count() == len(ACCOUNTS)
    assert authenticate(username="verifier", password=before["verifier"]) is None
    assert authenticate(username="verifier", password=now["verifier"]) == User.objects.get(username="verifier")


@pytest.mark.usefixtures("real_hasher")
def test_signing_in_hashes_the_password_at_full_strength(capsys: pytest.CaptureFixture[str]) -> None:
    password = printed(capsys)["leader"]
    quick = User.objects.get(username="leader").password

    authenticate(username="leader", password=password)

    assert len(User.objects.get(username="leader").password) > len(quick)


def test_duties_are_those_of_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    printed(capsys)
    mine = make.project(make.TOWN)
    elsewhere = make.project(make.OTHER_TOWN)
    clerk, verifier = (User.objects.get(username=name) for name in ("clerk-shangdang", "verifier"))

    allowed = [
        can(person, action, obj)
        for person, action in ((clerk, Action.ENTER), (verifier, Action.VERIFY))
        for obj in (mine, elsewhere)
    ]

    assert allowed == [True, False, True, True]


def test_administrator_manages_people_without_being_a_superuser(capsys: pytest.CaptureFixture[str]) -> None:
    printed(capsys)

    admin = User.objects.get(duties__role=Role.SYSTEM_ADMIN)

    assert (admin.is_staff, admin.is_superuser) == (True, False)
    assert admin.has_perms(["accounts.change_user", "accounts.add_duty"])
    assert not admin.has_perm("progress.view_progressentry")
    assert not User.objects.filter(is_staff=True).exclude(pk=admin.pk).exists()


def test_printed_token_reads_and_the_one_before_is_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    before = printed(capsys)[""]

    now = printed(capsys)[""]

    user, token = TokenAuthentication().authenticate_credentials(now.encode())
    assert (user.username, user.auth_token_set.count()) == ("leader", 1)
    assert before[:15] != token.token_key


def test_passwords_are_not_in_the_audit_trail(capsys: pytest.CaptureFixture[str]) -> None:
    password = printed(capsys)["leader"]

    trail = " ".join(map(str, AuditEvent.objects.values_list("action", "before", "after", "reason")))

    assert "account.password" in trail
    assert password not in trail


def test_real_person_keeps_the_name_and_the_password() -> None:
    make.user(username="leader", password="kept")

    with pytest.raises(CommandError, match="leader"):
        call_command("demo_accounts")
    assert User.objects.get().password == "kept"


def test_production_gets_no_demonstration_accounts(settings: Settings) -> None:
    settings.IS_PRODUCTION = True

    with pytest.raises(CommandError):
        call_command("demo_accounts")
    assert not User.objects.exists()
