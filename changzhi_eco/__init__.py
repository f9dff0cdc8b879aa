"""The composition root: imports every app, is imported by none."""

from changzhi_eco.celery import app as celery_app

__all__ = ["celery_app"]
