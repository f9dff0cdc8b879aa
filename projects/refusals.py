"""Why a file is not taken."""

from __future__ import annotations

from accounts.refusals import Refused


class UnfitFile(Refused):
    """The file is empty, too large, broken, or holds more than a picture or paper needs."""

    code = "unfit_file"
