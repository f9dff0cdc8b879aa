"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PollutionConfig(AppConfig):
    name = "pollution"
    verbose_name = _("污染防治攻坚")
