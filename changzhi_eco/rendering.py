"""How every form of the portal is drawn: Bootstrap's classes on the inputs, our own template around each field."""

from typing import Any

from django.forms import BoundField, CheckboxInput, RadioSelect, Select, Widget
from django.forms.renderers import TemplatesSetting


class PortalBoundField(BoundField):
    """A form field whose input carries Bootstrap's class for its kind, and says when it is wrong."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Widget | None = None) -> dict[str, Any]:
        widget = widget or self.field.widget
        classes = [str(widget.attrs.get("class", "")), bootstrap_class(widget)]
        if self.errors:
            classes.append("is-invalid")
        return {**super().build_widget_attrs(attrs, widget), "class": " ".join(filter(None, classes))}


def bootstrap_class(widget: Widget) -> str:
    match widget:
        case CheckboxInput() | RadioSelect():
            return "form-check-input"
        case Select():
            return "form-select"
        case _:
            return "form-control"


class FormRenderer(TemplatesSetting):
    """Reads widget templates from the project first, as TemplatesSetting does."""

    bound_field_class = PortalBoundField
