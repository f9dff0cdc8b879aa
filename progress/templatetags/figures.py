"""Figures in templates, through the one formatter."""

from django import template

from progress import display

register = template.Library()
register.filter("quantity", display.quantity)
register.filter("percent", display.percent)
register.filter("change", display.change)
