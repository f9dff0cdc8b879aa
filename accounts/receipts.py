"""Idempotency for form and API alike: the same request repeated is answered again, not done again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Receipt, User
from accounts.refusals import Refused

Answer = dict[str, Any]


class KeyReused(Refused):
    """The key came before with another body."""

    code = "idempotency_key_reused"
    message = _("此提交凭据已用于另一份内容，请刷新页面后重新提交。")


@transaction.atomic
def once(*, by: User, key: str, body: bytes, act: Callable[[], Answer]) -> Answer:
    """What `act` answered the first time this person sent this key; raises KeyReused for another body.

    A parallel repetition waits at the unique key until the first has committed. A refusal raised by `act` rolls the
    receipt back, so the corrected form may use its key again.
    """
    sha256 = hashlib.sha256(body).hexdigest()
    receipt, is_new = Receipt.objects.get_or_create(user=by, key=key, defaults={"body_sha256": sha256})
    if receipt.body_sha256 != sha256:
        raise KeyReused
    if is_new:
        receipt.answer = act()
        receipt.save(update_fields=["answer"])
    answer: Answer = receipt.answer
    return answer
