"""The form of a boundary: drawn on the map or typed as coordinates, or brought along as a file."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.forms import OnceForm
from accounts.refusals import Refused
from projects.services.attachments import MAX_BYTES
from subsidence import geometry
from subsidence.geometry import Drawing, Plot, Unsound, plot_of
from subsidence.refusals import UnfitBoundary
from subsidence.shapefiles import ZIP, read_shapefile

Place = tuple[float, float]
ENCODINGS = ("utf-8-sig", "gb18030")


class BoundaryForm(OnceForm):
    """The land of one parcel; `was` is the sha256 of the boundary that the person saw, '' for none."""

    was = forms.CharField(required=False, widget=forms.HiddenInput)
    coordinates = forms.CharField(
        label=_("界址点坐标"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_(
            "每行一个点：经度,纬度（CGCS2000，单位为度，可写 113°03′05.2″），或带号的高斯坐标（米）；"
            "空行分隔互不相连的部分。也可粘贴 GeoJSON（可带空洞）。"
        ),
    )
    file = forms.FileField(
        label=_("或选择文件"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".geojson,.json,.zip"}),
        help_text=_(
            "GeoJSON，或 Shapefile 的 ZIP 压缩包（.shp、.dbf、.prj 一起压缩；EPSG:4490、4547、4526），不超过 10 MB。"
            "文件中有多个图形时，取用属性值等于图斑编号的。"
        ),
    )

    field_order = ("receipt", "was", "coordinates", "file")

    def __init__(self, *args: Any, code: str, **kwargs: Any) -> None:
        self.code = code
        self.plot: Plot | None = None
        #: Where something is wrong, for the map to show.
        self.places: list[Place] = []
        super().__init__(*args, **kwargs)

    @property
    def body(self) -> bytes:
        land = self.plot.sha256 if self.plot else ""
        return json.dumps([self.cleaned_data["was"], land]).encode()

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if "file" in self.errors:
            return found
        name = "file" if found.get("file") else "coordinates"
        try:
            self.plot = plot_of(self._drawing(found))
        except Unsound as fault:
            self.add_error(name, str(fault.message))
            self.places += [fault.place] if fault.place else []
        if name == "file" and self.plot:
            self.put(coordinates=geometry.written(self.plot.geometry))
        return found

    def refuse(self, refusal: Refused) -> None:
        super().refuse(refusal)
        if isinstance(refusal, UnfitBoundary) and refusal.place:
            self.places.append(refusal.place)

    def _drawing(self, found: dict[str, Any]) -> Drawing:
        upload: UploadedFile[bytes] | None = found.get("file")
        if upload is None:
            text = found.get("coordinates", "")
            if not text.strip():
                raise Unsound(_("请在地图上绘制边界、填写坐标，或选择文件。"))
            return geometry.read_text(text, code=self.code)
        if (upload.size or 0) > MAX_BYTES:
            raise Unsound(_("文件过大：不超过 10 MB；请先抽稀或只导出本图斑。"))
        content = upload.read()
        if content.startswith(ZIP):
            return read_shapefile(content, code=self.code)
        return geometry.read_geojson(_decoded(content), code=self.code)


class EraseForm(OnceForm):
    """Taking the boundary off a parcel."""

    was = forms.CharField(widget=forms.HiddenInput)


def _decoded(content: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unsound(_("文件既不是 GeoJSON，也不是 Shapefile 的 ZIP 压缩包。"))
