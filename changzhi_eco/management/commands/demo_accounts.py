"""manage.py demo_accounts: accounts to try the portal with, their passwords printed once."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from changzhi_eco.demo import accounts
from jurisdictions.models import WorkLine

HEADINGS = ("用户名 user", "密码 password", "角色 role", "工作线 line", "地区 region")


class Command(BaseCommand):
    help = "Make the demonstration accounts and give each a new random password, which only this run prints."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("Demonstration accounts have no place in production.")
        try:
            issued = accounts.issue_accounts()
        except accounts.NameTaken as error:
            raise CommandError(f"The username {error} belongs to a real person; rename one of the two.") from error
        with translation.override("zh-hans"):
            rows = [HEADINGS, *(cells(each) for each in issued)]
        self.stdout.write(table(rows))
        self.stdout.write(f"API 令牌（{accounts.READER}，只读）：{accounts.issue_reader_token()}")


def cells(issued: accounts.Credentials) -> tuple[str, ...]:
    account = issued.account
    line = WorkLine(account.line).label if account.line else "全部"
    return account.username, issued.password, str(account.role.label), str(line), issued.region.full_name


def table(rows: list[tuple[str, ...]]) -> str:
    """Rows in columns; a Chinese character is as wide as two Latin ones."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell + " " * (room - width(cell)) for cell, room in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "FW" else 1 for char in text)
