"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LowcarbonConfig(AppConfig):
    name = "lowcarbon"
    verbose_name = _("绿色低碳转型")
