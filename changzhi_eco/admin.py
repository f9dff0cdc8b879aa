"""The site of the Django admin, in which administrators keep users, duties and the catalogues."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.urls import URLPattern, URLResolver
from django.utils.translation import gettext_lazy as _


class PortalAdminSite(AdminSite):
    """Without “view on site”: it would lead administrators, who see no business data, to the pages of any object."""

    site_header = site_title = _("长治市生态治理调度平台")
    index_title = _("后台管理")

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]
