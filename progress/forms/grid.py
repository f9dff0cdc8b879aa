"""The address of a desk in the grid, and the drafts of a page that are submitted together."""

from __future__ import annotations

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import OnceForm
from jurisdictions.filters import RegionCodeField
from jurisdictions.models import WorkLine

#: One draft as key and version; neither has more digits than its column holds.
DRAFT = re.compile(r"(\d{1,18}):(\d{1,9})", re.ASCII)
#: Cells that a page of the grid has at the most: far more than people type.
MOST_DRAFTS = 5_000
KEY_LIMIT = 10**18


class DeskForm(forms.Form):
    """The desk that an address names; what it leaves out is chosen for the clerk."""

    period = forms.IntegerField(required=False, min_value=1, max_value=KEY_LIMIT)
    region = RegionCodeField(required=False)
    line = forms.ChoiceField(choices=WorkLine, required=False)
    page = forms.IntegerField(required=False, min_value=1, max_value=10_000)


class DraftsForm(OnceForm):
    """Drafts as “key:version” with spaces between them; cleans to the version of each."""

    drafts = forms.CharField(widget=forms.HiddenInput, error_messages={"required": _("没有可以报送的草稿。")})

    def clean_drafts(self) -> dict[int, int]:
        found = [DRAFT.fullmatch(word) for word in self.cleaned_data["drafts"].split()]
        if not all(found) or len(found) > MOST_DRAFTS:
            raise ValidationError(_("页面不完整，请刷新后重试。"))
        return {int(match[1]): int(match[2]) for match in found if match}
