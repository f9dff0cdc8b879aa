"""manage.py load_article: every fact of the newspaper article as its object."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.models import AuditEvent
from changzhi_eco.article import load_article, read_article
from jurisdictions.models import Region
from jurisdictions.services import load_regions


class Command(BaseCommand):
    help = "Load the article's facts; what is on record already stays as it stands."

    def handle(self, *args: Any, **options: Any) -> None:
        if not Region.objects.exists():
            load_regions()
        before = AuditEvent.objects.count()
        article = read_article(at=timezone.now())
        load_article(article)
        added = AuditEvent.objects.count() - before
        self.stdout.write(f"{len(article.facts)} facts of the article, {added} objects added")
