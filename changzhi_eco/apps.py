"""App configuration."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class ChangzhiEcoConfig(AppConfig):
    name = "changzhi_eco"
    verbose_name = _("长治市生态治理调度平台")


class PortalAdminConfig(admin_apps.AdminConfig):
    """Django's admin, with our site in place of its own."""

    default = False
    default_site = "changzhi_eco.admin.PortalAdminSite"
