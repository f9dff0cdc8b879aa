"""App configuration."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChangzhiEcoConfig(AppConfig):
    name = "changzhi_eco"
    verbose_name = _("长治市生态治理调度平台")
