"""Every URL of the REST interface."""

from typing import NoReturn

from django.urls import include, path, re_path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.routers import DefaultRouter
from rest_framework.views import APIView

from jurisdictions.api import OrganisationViewSet, RegionViewSet
from progress.api.entries import EntryViewSet
from progress.api.indicators import IndicatorViewSet, SeriesViewSet
from progress.api.rollups import RollupViewSet
from progress.api.status import StatusSummaryViewSet
from progress.api.targets import TargetViewSet
from projects.api import ProjectViewSet
from subsidence.api.duties import DutyViewSet
from subsidence.api.mines import MineViewSet
from subsidence.api.parcels import ParcelViewSet
from subsidence.api.stages import StageRequestViewSet
from subsidence.api.stock import StockFlowViewSet

app_name = "api"


@extend_schema(exclude=True)
class NowhereView(APIView):
    """Any other address: a problem for programs, not the page for people."""

    def initial(self, request: Request, *args: object, **kwargs: object) -> NoReturn:
        super().initial(request, *args, **kwargs)
        raise NotFound(_("没有这个接口地址；地址以 / 结尾，全部地址见 /api/v1/。"))


router = DefaultRouter()
router.include_format_suffixes = False
router.register("regions", RegionViewSet, "region")
router.register("organisations", OrganisationViewSet, "organisation")
router.register("projects", ProjectViewSet, "project")
router.register("indicators", IndicatorViewSet, "indicator")
router.register("series", SeriesViewSet, "series")
router.register("targets", TargetViewSet, "target")
router.register("entries", EntryViewSet, "entry")
router.register("rollups", RollupViewSet, "rollup")
router.register("status/summary", StatusSummaryViewSet, "status-summary")
router.register("mines", MineViewSet, "mine")
router.register("parcels", ParcelViewSet, "parcel")
router.register("stage-requests", StageRequestViewSet, "stage-request")
router.register("duties", DutyViewSet, "duty")
router.register("stock-flow", StockFlowViewSet, "stock-flow")

urlpatterns = [
    path("v1/", include(router.urls)),
    path("schema/", SpectacularJSONAPIView.as_view(), name="schema"),
    re_path("", NowhereView.as_view(), name="nowhere"),
]
