"""Imports of parcels (图斑导入): a ledger is received, checked, confirmed, and undone if need be."""

from subsidence.services.parcel_imports.book import error_workbook
from subsidence.services.parcel_imports.sheet import HEADERS, Change, changes_of, workbook
from subsidence.services.parcel_imports.undoing import undo
from subsidence.services.parcel_imports.work import confirm, receive, recheck

__all__ = ["HEADERS", "Change", "changes_of", "confirm", "error_workbook", "receive", "recheck", "undo", "workbook"]
