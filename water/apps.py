"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WaterConfig(AppConfig):
    name = "water"
    verbose_name = _("治水兴水节水")
