"""Working without network: the browser's worker, what it keeps, and the list of what is unsent."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.pages import SignedInRequest

#: Pages that the browser may keep for the person who opened them.
KEPT = ("grid", "outbox")
#: Files of others that every page needs, beside our own scripts and styles.
VENDORED = ("vendor/bootstrap/css/bootstrap.min.css", "vendor/tabler-icons/sprite.svg")
OWN = Path(settings.BASE_DIR, "static")
WORKER = "sw.js"


def shell() -> list[str]:
    """The addresses of all files that a kept page may ask for."""
    own = sorted(path.name for path in OWN.iterdir() if path.suffix in (".js", ".css", ".svg") and path.name != WORKER)
    return [static(name) for name in (*own, *VENDORED)]


def portal() -> dict[str, Any]:
    """What the worker must know; `version` changes with any file whose name carries its hash."""
    files = [*shell(), static(WORKER)]
    return {
        "version": hashlib.sha256("\n".join(files).encode()).hexdigest()[:16],
        "hashed": settings.IS_PRODUCTION,
        "files": files[:-1],
        "static": settings.STATIC_URL,
        "kept": [reverse(name) for name in KEPT],
        "outbox": reverse("outbox"),
        "offline": reverse("offline_page"),
    }


@login_not_required
@require_safe
def service_worker(_request: SignedInRequest) -> HttpResponse:
    """The worker of the whole site; it names no user, for it outlives the session."""
    script = f"self.portal = {json.dumps(portal())};\nimportScripts({json.dumps(static(WORKER))});\n"
    headers = {"Service-Worker-Allowed": "/"}
    return HttpResponse(script, content_type="text/javascript; charset=utf-8", headers=headers)


@login_not_required
@require_safe
def offline_page(request: SignedInRequest) -> HttpResponse:
    """What stands in for a page that needs the network; the worker keeps it, so it is the same for everybody."""
    return render(request, "progress/outbox_offline.html")


@require_safe
def outbox(request: SignedInRequest) -> HttpResponse:
    """The frame for what this browser holds unsent; the server knows nothing of it yet."""
    return render(request, "progress/outbox.html")


@require_safe
def outbox_session(request: SignedInRequest) -> JsonResponse:
    """Who is signed in, and the token with which that person may send."""
    return JsonResponse({"user": request.user.pk, "csrf": get_token(request)})
