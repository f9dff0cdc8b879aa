"""Runs every row on a throw-away database and prints one JSON line and one table line for each."""

import json
import sys
from dataclasses import asdict
from itertools import chain

import django
from django.core.management import call_command

django.setup()
call_command("migrate", verbosity=0)

from benchmarks import (  # noqa: E402 - models are importable only after setup
    boundaries,
    imports,
    ledger,
    photos,
    subsidence_dashboard,
)

for row in chain(ledger.rows(), photos.rows(), imports.rows(), subsidence_dashboard.rows(), boundaries.rows()):
    sys.stdout.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
    sys.stdout.write(
        f"  {row.id:4} {row.work:58} {row.floor:>14} {row.figure:>14} {row.ratio:>8.2f} ×  goal {row.goal}\n"
    )
    sys.stdout.flush()
