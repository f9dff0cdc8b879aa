"""Long lists as people use them: filtered, sorted, with the columns they chose, summed up, printed and exported."""

from accounts.lists.answers import METHODS, answer
from accounts.lists.columns import Column, List, Sum, Totals, total_of
from accounts.lists.exports import CHUNK, sent, signature
from accounts.lists.listing import Listing

__all__ = [
    "CHUNK",
    "METHODS",
    "Column",
    "List",
    "Listing",
    "Sum",
    "Totals",
    "answer",
    "sent",
    "signature",
    "total_of",
]
