"""Every URL of the portal."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

handler500 = "changzhi_eco.views.server_error"

urlpatterns = [
    path("", include("progress.urls")),
    path("", include("accounts.urls")),
    path("projects/", include("projects.urls")),
    path("subsidence/", include("subsidence.urls")),
    path("i18n/", login_not_required(set_language), name="set_language"),
    path("api/", include("changzhi_eco.api_urls")),
    path("admin/", admin.site.urls),
]
