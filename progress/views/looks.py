"""What every page of figures asks first: which day it is about."""

from __future__ import annotations

from django.utils import timezone

from accounts.pages import SignedInRequest
from progress.forms.looks import LookForm


def look_form(request: SignedInRequest) -> LookForm:
    return LookForm(request.GET, today=timezone.localdate())
