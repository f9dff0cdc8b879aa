"""Many entries reviewed or verified at once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import OnceForm
from progress.services.batches import Decision, Ruling


class RulingForm(forms.Form):
    """One row of the queue as it was sent, its prefix the key of the entry; the service reads the opinion."""

    version = forms.IntegerField()
    decision = forms.ChoiceField(choices=[("", ""), *Decision.choices], required=False)
    opinion = forms.CharField(required=False)


class BatchForm(OnceForm):
    """The rows a person ruled on: each with a decision of its own, or ticked and decided by the button pressed."""

    row_form: type[forms.Form] = RulingForm
    #: Rows that a page holds, and some more.
    LIMIT = 100

    do = forms.ChoiceField(choices=[("each", ""), *Decision.choices], required=False)
    opinion = forms.CharField(label=_("所选各条的意见"), required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        keys = self._listed("entry")
        if len(keys) > self.LIMIT:
            raise ValidationError(_("一次最多办理%(limit)d条。") % {"limit": self.LIMIT})
        rows = {key: self.row_form(self.data, prefix=str(key)) for key in keys}
        if not all(row.is_valid() for row in rows.values()):
            raise ValidationError(_("页面不完整，请刷新后重试。"))
        found = list(self._rulings({key: row.cleaned_data for key, row in rows.items()}))
        if not found:
            raise ValidationError(_("没有选择任何一条：请逐条选“通过”或“退回”，或勾选后点“所选通过”“所选退回”。"))
        return {**self.cleaned_data, "rulings": [ruling.as_facts() for ruling in found]}

    @cached_property
    def rulings(self) -> list[Ruling]:
        return [Ruling(**facts) for facts in self.cleaned_data["rulings"]]

    def _rulings(self, rows: dict[int, dict[str, Any]]) -> Iterator[Ruling]:
        """What was decided; a row with nothing but an opinion is kept, so that the opinion is not lost silently."""
        ticked = set(self._listed("pick"))
        decision, common = self.cleaned_data.get("do", ""), self.cleaned_data.get("opinion", "")
        for key, row in rows.items():
            is_meant = key in ticked and decision in Decision.values
            decided, opinion = row["decision"], row["opinion"]
            if is_meant:
                decided, opinion = decided or decision, opinion or common
            if decided or opinion:
                yield Ruling(key, row.get("version", 0), decided, opinion)

    def _listed(self, name: str) -> list[int]:
        """The keys sent under a name; what is none is left out."""
        sent = self.data.getlist(name) if hasattr(self.data, "getlist") else []
        return list(dict.fromkeys(int(text) for text in sent if text.isdecimal() and len(text) <= 18))
