"""Prints a new REST token of a user, once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Scope, User
from accounts.services.tokens import issue_token


class Command(BaseCommand):
    help = "Issues a REST token for a user and prints it; it cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--scope",
            action="append",
            choices=Scope.values,
            default=[],
            help="restricted data that the token may be told; may be given several times",
        )

    def handle(self, *, username: str, scope: list[str], **options: Any) -> None:
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"没有可用的账号 {username}。")
        self.stdout.write(issue_token(user=user, by=None, scopes=[Scope(each) for each in scope]))
