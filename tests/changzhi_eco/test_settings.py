"""The settings, each time in an interpreter and an environment of their own."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

PRODUCTION = {
    "SECRET_KEY": secrets.token_urlsafe(48),
    "AUDIT_KEY": secrets.token_urlsafe(48),
    "ALLOWED_HOSTS": "eco.example",
    "DATABASE_URL": "postgres://changzhi_app:geheim%40@db.example:5433/changzhi?sslmode=require",
    "DATABASE_OWNER_URL": "postgres://changzhi_owner@db.example/changzhi",
    "REDIS_URL": "redis://redis.example",
    "STATIC_ROOT": "static-root",
    "MEDIA_ROOT": "media-root",
}
REPORT = """
import json
from django.conf import settings
print(json.dumps({name: getattr(settings, name, None) for name in dir(settings) if name.isupper()}, default=str))
"""


def load(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", REPORT],
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "changzhi_eco.settings", **environment},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


def loaded(**changes: str) -> dict[str, Any]:
    done = load({**PRODUCTION, **changes})
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.strip().splitlines()[-1]


def test_production_is_the_default_and_strict() -> None:
    found = loaded()

    assert found["DEPLOYMENT"] == "production"
    assert found["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert found["CSRF_COOKIE_NAME"].startswith("__Host-")
    assert found["SESSION_COOKIE_SECURE"] and found["CSRF_COOKIE_SECURE"] and found["SECURE_SSL_REDIRECT"]
    assert found["SECURE_HSTS_SECONDS"] >= 365 * 24 * 60 * 60
    assert found["SECURE_PROXY_SSL_HEADER"] is None


def test_database_is_read_from_its_url_with_limits() -> None:
    database = loaded()["DATABASES"]["default"]

    assert (database["USER"], database["PASSWORD"], database["PORT"]) == ("changzhi_app", "geheim@", 5433)
    assert database["OPTIONS"]["sslmode"] == "require"
    assert "statement_timeout=10s" in database["OPTIONS"]["options"]
    assert database["CONN_HEALTH_CHECKS"] is True


def test_owner_has_a_connection_of_its_own_without_a_statement_limit() -> None:
    database = loaded(DB_ROLE="owner")["DATABASES"]["default"]

    assert database["USER"] == "changzhi_owner"
    assert "statement_timeout" not in database["OPTIONS"]["options"]


def test_secret_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(PRODUCTION["SECRET_KEY"] + "\n")

    found = loaded(SECRET_KEY="", SECRET_KEY_FILE=str(file))

    assert found["SECRET_KEY"] == PRODUCTION["SECRET_KEY"]


@pytest.mark.parametrize("name", [name for name in PRODUCTION if name != "DATABASE_OWNER_URL"])
def test_missing_variable_is_named(name: str) -> None:
    done = load({key: value for key, value in PRODUCTION.items() if key != name})

    assert last_line(done) == (f"django.core.exceptions.ImproperlyConfigured: Set the {name} environment variable")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "true"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("AUDIT_KEY", PRODUCTION["SECRET_KEY"]),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", ""),
        ("EMBEDDED", "1"),
        ("DATABASE_URL", "postgres://changzhi_app@//run/changzhi-eco-x/changzhi"),
        ("DATABASE_URL", "sqlite:///changzhi.db"),
        ("DEPLOYMENT", "staging"),
        ("DB_ROLE", "root"),
    ],
)
def test_dangerous_value_is_refused_by_its_name(name: str, value: str) -> None:
    done = load({**PRODUCTION, name: value})

    assert last_line(done).startswith(f"django.core.exceptions.ImproperlyConfigured: {name} must ")


def test_local_deployment_serves_without_tls_and_collectstatic() -> None:
    found = loaded(DEPLOYMENT="local", EMBEDDED="1", SECRET_KEY="x", AUDIT_KEY="x")

    assert found["SESSION_COOKIE_NAME"] == "sessionid"
    assert found["WHITENOISE_USE_FINDERS"] is True
