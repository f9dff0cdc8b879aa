"""The newspaper article of January 2025 as rows: what it says becomes an object, what it leaves out a visible 待补."""

from changzhi_eco.article.loader import HANDLERS, UnknownFact, load_article
from changzhi_eco.article.source import Article, read_article

__all__ = ["HANDLERS", "Article", "UnknownFact", "load_article", "read_article"]
