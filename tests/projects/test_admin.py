"""The register in the admin."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_programme_keeps_the_code_it_is_known_by(admin_client: Client) -> None:
    bundle = make.programme(code="corridors", name="生态走廊")
    form = {"code": "else", "name": "两条生态走廊", "work_line": bundle.work_line, "region": bundle.region_id}

    admin_client.post(reverse("admin:projects_programme_change", args=[bundle.pk]), form)

    bundle.refresh_from_db()
    assert (bundle.code, bundle.name) == ("corridors", "两条生态走廊")
    assert AuditEvent.objects.filter(action="programme.change").exists()
