"""Imports (批量导入): an uploaded sheet is received, checked, confirmed, saved, and undone if need be."""

from progress.services.imports.book import error_workbook
from progress.services.imports.checking import check
from progress.services.imports.saving import DataChanged, save
from progress.services.imports.undoing import CannotUndo, undo
from progress.services.imports.work import UnfitSheet, WrongStep, confirm, continue_waiting, receive, recheck

__all__ = [
    "CannotUndo",
    "DataChanged",
    "UnfitSheet",
    "WrongStep",
    "check",
    "confirm",
    "continue_waiting",
    "error_workbook",
    "receive",
    "recheck",
    "save",
    "undo",
]
