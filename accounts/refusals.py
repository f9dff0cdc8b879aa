"""The base of every business error: a sentence the user can act on."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Refused(Exception):
    """A request that cannot be granted; `field` names the input at fault, '' when it is none in particular."""

    code: ClassVar[str] = "refused"
    message: str | Promise = _("操作被拒绝。")

    def __init__(self, message: str | Promise | None = None, *, field: str = "") -> None:
        self.message = message if message is not None else self.message
        self.field = field
        super().__init__(self.message)

    def __str__(self) -> str:
        return str(self.message)


class NotAllowed(Refused):
    """The person has no duty that covers this action here."""

    code = "not_allowed"
    message = _("您没有办理此事项的职责。")
