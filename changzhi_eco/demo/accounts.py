"""Accounts to try the portal with: one for each thing a person may be here for."""

from __future__ import annotations

import datetime
import secrets
from dataclasses import dataclass

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Permission
from django.db import transaction
from knox.models import AuthToken

from accounts import audit
from accounts.models import Duty, Role, User
from accounts.services import tokens
from jurisdictions.models import Region, WorkLine

#: 14 of these characters, none like another, make 69 bits: no slow hash is needed, and signing in hashes them anew.
ALPHABET, LENGTH, ITERATIONS = "abcdefghjkmnpqrstuvwxyz23456789", 14, 1_000
VALID_FROM = datetime.date(2025, 1, 1)
#: What a system administrator does in the admin, by app and codename.
ADMINISTERS = {
    "accounts": ("add_user", "change_user", "view_user", "add_duty", "change_duty", "delete_duty", "view_duty"),
    "jurisdictions": ("view_region", "view_organisation"),
}


@dataclass(frozen=True)
class Account:
    """One account of the demonstration with its single duty."""

    username: str
    name: str
    role: Role
    region: str = "1404"
    line: str = ""

    @property
    def is_staff(self) -> bool:
        return self.role == Role.SYSTEM_ADMIN


ACCOUNTS = (
    Account("clerk-shangdang", "上党区填报员", Role.CLERK, "140404", WorkLine.SUBSIDENCE),
    Account("clerk-zhangzi", "长子县填报员", Role.CLERK, "140428"),
    Account("clerk-xiangyuan", "襄垣县填报员", Role.CLERK, "140423"),
    Account("reviewer-shangdang", "上党区审核员", Role.REVIEWER, "140404"),
    Account("reviewer-zhangzi", "长子县审核员", Role.REVIEWER, "140428"),
    Account("reviewer-xiangyuan", "襄垣县审核员", Role.REVIEWER, "140423"),
    Account("verifier", "市级核定员", Role.VERIFIER),
    Account("leader", "市领导", Role.LEADER),
    Account("supervisor", "市督查员", Role.SUPERVISOR),
    Account("system-admin", "系统管理员", Role.SYSTEM_ADMIN),
)
#: Whose token reads over REST.
READER = "leader"


@dataclass(frozen=True)
class Credentials:
    """An account with the password that opens it from now on."""

    account: Account
    region: Region
    password: str


@transaction.atomic
def issue_accounts() -> list[Credentials]:
    """Make the accounts that are missing and give each a new password, so that what is printed is what works."""
    regions = Region.objects.in_bulk({account.region for account in ACCOUNTS})
    return [issue(account, regions[account.region]) for account in ACCOUNTS]


def issue(account: Account, region: Region) -> Credentials:
    user, is_new = User.objects.get_or_create(
        username=account.username,
        defaults={"display_name": f"{account.name}（演示）", "is_demo": True, "is_staff": account.is_staff},
    )
    if not user.is_demo:
        raise NameTaken(account.username)
    if is_new:
        settle(user, account, region)
    password = "".join(secrets.choice(ALPHABET) for _place in range(LENGTH))
    hasher = PBKDF2PasswordHasher()
    user.password = hasher.encode(password, hasher.salt(), iterations=ITERATIONS)
    user.save(update_fields=["password"])
    audit.record(by=None, action="account.password", obj=user)
    return Credentials(account, region, password)


class NameTaken(Exception):
    """A real person has the username of a demonstration account."""


def settle(user: User, account: Account, region: Region) -> None:
    """Give a new account its duty and, to an administrator, what the admin asks for."""
    Duty.objects.create(user=user, role=account.role, work_line=account.line, region=region, valid_from=VALID_FROM)
    if account.is_staff:
        for app, codenames in ADMINISTERS.items():
            granted = Permission.objects.filter(content_type__app_label=app, codename__in=codenames)
            user.user_permissions.add(*granted)
    after = {"role": account.role, "work_line": account.line, "region": region.pk}
    audit.record(by=None, action="account.create", obj=user, after=after)


@transaction.atomic
def issue_reader_token() -> str:
    """A new token that reads over REST; the reader's earlier ones are revoked."""
    reader = User.objects.get(username=READER)
    AuthToken.objects.filter(user=reader).delete()
    return tokens.issue_token(user=reader, by=None)
