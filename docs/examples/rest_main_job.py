"""The main job over REST with nothing but tokens: enter, submit, review, verify, and see the figures move.

    PORTAL_URL=http://127.0.0.1:8000 CLERK_TOKEN=… REVIEWER_TOKEN=… VERIFIER_TOKEN=… \\
        python docs/examples/rest_main_job.py --project CODE --indicator CODE --period 2025-03 --value 12.50

A token comes from `manage.py issue_token USERNAME`. The project and the indicator must name one increment (flow).
"""

# ruff: noqa: T201 - a script speaks to its terminal

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from decimal import Decimal
from typing import Any

BUSY = (502, 503, 504)
TRIES, PAUSE = 5, 1.0


class Refused(Exception):
    """The portal said no; the problem tells why."""


def ask(role: str, method: str, path: str, body: Any = None, version: int | None = None) -> Any:
    """One request as clerk, reviewer or verifier; asked again with the same key while the portal is away."""
    headers = {
        "Authorization": f"Token {os.environ[f'{role.upper()}_TOKEN']}",
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid.uuid4()),
    }
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    url = f"{os.environ['PORTAL_URL'].rstrip('/')}/api/v1/{path}"
    data = None if method == "GET" else json.dumps(body or {}).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - the user's own portal
    for left in reversed(range(TRIES)):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in BUSY or not left:
                raise Refused(told(error)) from error
        except urllib.error.URLError:
            if not left:
                raise
        time.sleep(PAUSE)
    raise AssertionError("unreachable")


def told(error: urllib.error.HTTPError) -> str:
    problem = json.load(error)
    places = "".join(f"\n  {e.get('pointer', e.get('parameter'))}: {e['detail']}" for e in problem["errors"])
    return f"{problem['status']} {problem['code']}: {problem['detail']}{places}（{problem['request_id']}）"


def series_of(project: str, indicator: str) -> Any:
    query = urllib.parse.urlencode({"project": project, "indicator": indicator})
    found = ask("clerk", "GET", f"series/?{query}")["results"]
    if len(found) != 1:
        raise Refused(f"{len(found)} series of {project} report {indicator}, not one.")
    return found[0]


def counted(series: Any) -> Decimal:
    """Σ of all months of the indicator in the project."""
    query = urllib.parse.urlencode({"project": series["project"]["code"], "indicator": series["indicator"]["code"]})
    return sum((Decimal(row["amount"]) for row in ask("verifier", "GET", f"rollups/?{query}")["results"]), Decimal(0))


def achieved(series: Any) -> dict[str, Decimal]:
    """What stands verified of every target of the indicator, by code."""
    lines = ask("verifier", "GET", "status/summary/")["work_lines"]
    targets = [target for line in lines for target in line["targets"]]
    mine = [target for target in targets if target["indicator"]["code"] == series["indicator"]["code"]]
    return {target["code"]: Decimal(target["verified"] or 0) for target in mine}


def report(series: Any, period: str, value: str) -> None:
    """The entry's way from draft to verified; each step names the version it saw."""
    entry = ask("clerk", "POST", "entries/", {"series": series["id"], "period": period, "value": value})
    print(f"{entry['id']} {entry['status']}: {entry['value']} {entry['indicator']['unit']}, {entry['period']['name']}")
    for role, step in (("clerk", "submit"), ("reviewer", "review"), ("verifier", "verify")):
        entry = ask(role, "POST", f"entries/{entry['id']}/{step}/", version=entry["version"])
        print(f"{entry['id']} {entry['status']}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Report one increment over REST and see the figures move.")
    for name in ("project", "indicator", "period", "value"):
        parser.add_argument(f"--{name}", required=True)
    wanted = parser.parse_args()
    try:
        series = series_of(wanted.project, wanted.indicator)
        before, targets_before = counted(series), achieved(series)
        report(series, wanted.period, wanted.value)
        after, targets_after = counted(series), achieved(series)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    unit = series["indicator"]["unit"]
    print(f"project {wanted.project}: {before} → {after} ({after - before:+} {unit})")
    for code, amount in targets_after.items():
        print(f"target {code}: {targets_before[code]} → {amount} ({amount - targets_before[code]:+} {unit})")
    return 0 if after - before == Decimal(wanted.value) else 1


if __name__ == "__main__":
    sys.exit(main())
