"""What a person saw when he began to type: a mark of it in the form tells whether others were faster."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext_lazy as _

from subsidence.refusals import StaleParcel


class Overtaken(StaleParcel):
    """Somebody changed what the page shows since it was opened."""

    message = _("打开页面后内容已被他人修改。下面并列现在登记的内容与您填写的内容，核对后再次提交即以您填写的为准。")


def mark_of(rows: Iterable[object]) -> str:
    """The mark of some rows' values, the same for the same values."""
    said = json.dumps(list(rows), cls=DjangoJSONEncoder, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:32]
