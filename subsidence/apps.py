"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SubsidenceConfig(AppConfig):
    name = "subsidence"
    verbose_name = _("采煤沉陷区综合治理")
