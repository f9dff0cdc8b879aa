"""All settings, from the environment; a missing or dangerous value stops the start and names its variable."""

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

#: Reads NAME, or the file that NAME_FILE points at, so that secrets need not stand in the environment.
env = environ.FileAwareEnv()


def one_of(name: str, *allowed: str) -> str:
    """The variable's value, the first allowed one by default; raises ImproperlyConfigured for any other."""
    value = str(env.str(name, allowed[0]))
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


DEPLOYMENT = one_of("DEPLOYMENT", "production", "local")
IS_PRODUCTION = DEPLOYMENT == "production"
#: The embedded runner sets it for its children.
IS_EMBEDDED = env.bool("EMBEDDED", default=False)
DEBUG = env.bool("DEBUG", default=False)

# Secrets and hosts

SECRET_KEY = env.str("SECRET_KEY").strip()
#: Signs the audit trail; kept apart from SECRET_KEY, which may be rotated while the trail must stay provable.
AUDIT_KEY = env.str("AUDIT_KEY").strip()
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Applications

INSTALLED_APPS = [
    "changzhi_eco",
    "subsidence",
    "water",
    "pollution",
    "lowcarbon",
    "progress",
    "projects",
    "accounts",
    "jurisdictions",
    "changzhi_eco.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "csp",
    "rest_framework",
    "django_filters",
    "knox",
    "drf_spectacular",
    "drf_standardized_errors",
]

MIDDLEWARE = [
    "changzhi_eco.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "changzhi_eco.middleware.NeverStoredMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "changzhi_eco.middleware.ChineseFirstLocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "changzhi_eco.middleware.WhoAskedMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "changzhi_eco.urls"
WSGI_APPLICATION = "changzhi_eco.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "changzhi_eco.context.portal",
            ]
        },
    }
]
FORM_RENDERER = "changzhi_eco.rendering.FormRenderer"

# Database: two roles of one PostgreSQL. Only the owner migrates; web and workers cannot rewrite the ledger.

DB_ROLE = one_of("DB_ROLE", "app", "owner")


def database(name: str) -> dict[str, Any]:
    """The connection that the variable describes, with limits that keep one bad query from stopping the rest."""
    found: dict[str, Any] = env.db_url(name)
    if found.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured(f"{name} must be a postgres:// URL: totals rest on its locks and triggers.")
    limits = {"lock_timeout": "3s", "idle_in_transaction_session_timeout": "30s"}
    if DB_ROLE == "app":  # A migration or a rebuild may take its time.
        limits["statement_timeout"] = env.str("STATEMENT_TIMEOUT", "10s")
    options = " ".join(f"-c {key}={value}" for key, value in limits.items())
    return {
        **found,
        "OPTIONS": {**found.get("OPTIONS", {}), "options": options},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": database("DATABASE_OWNER_URL" if DB_ROLE == "owner" else "DATABASE_URL")}
#: Whom the owner grants what the application may do.
APP_ROLE = env.db_url("DATABASE_URL")["USER"]

#: Broker of the tasks. No figure and no session depends on it.
REDIS_URL = env.str("REDIS_URL")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Language, numbers and time

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "changzhi_eco" / "locale"]
FORMAT_MODULE_PATH = "changzhi_eco.formats"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# People

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
#: One working day; Redis may be emptied at any time, so sessions stay in the database.
SESSION_COOKIE_AGE = 8 * 60 * 60

# Files

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
#: A local run serves static files from where they lie and needs no collectstatic.
STATIC_ROOT = env.str("STATIC_ROOT") if IS_PRODUCTION else None
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
MEDIA_ROOT = env.str("MEDIA_ROOT")
#: Files of one request; the largest form asks for ten.
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_HANDLERS = [
    "changzhi_eco.uploads.LimitedUploads",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
STATIC_STORAGE = "changzhi_eco.static_files.StaticFiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": STATIC_STORAGE if IS_PRODUCTION else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# Browser's side

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "worker-src": ["'self'"],
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"

if IS_PRODUCTION:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 2 * 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    # Only a proxy that overwrites the header may be trusted with it, so it is said, not assumed.
    if env.bool("BEHIND_TLS_PROXY", default=False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# REST

REST_FRAMEWORK = {
    # The token comes first: its scheme is what a request without credentials is answered with, as 401.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.rest.tokens.Tokens",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["accounts.rest.strict.JsonBody"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["accounts.rest.strict.StrictFilters"],
    "DEFAULT_PAGINATION_CLASS": "accounts.rest.paging.Keyset",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "URL_FORMAT_OVERRIDE": None,  # One format, so a parameter named `format` is as unknown as any other.
    "EXCEPTION_HANDLER": "changzhi_eco.api_errors.handler",
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "长治市生态治理调度平台",
    "DESCRIPTION": "Progress, targets and roll-ups of the four work lines; every decimal is a string.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "OAS_VERSION": "3.1.0",
    "ENUM_NAME_OVERRIDES": {
        "Frequency": "progress.models.Frequency",
        "IndicatorKind": "progress.models.IndicatorKind",
        "OrganisationKind": "jurisdictions.models.OrganisationKind",
        "ParcelOrigin": "subsidence.models.Origin",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "changzhi_eco.api_schema.document_problems",
    ],
}
#: Platforms that pull keep their token until somebody revokes it.
REST_KNOX = {"TOKEN_TTL": None}

# Log: one line a record on the console, with the request's number

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "changzhi_eco.middleware.RequestIdFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(request_id)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["request_id"], "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    # Django's own handlers print to the console as well, but only while DEBUG.
    "loggers": {"django": {"handlers": [], "propagate": True}},
}

# What production refuses

REFUSALS = {
    "DEBUG must be off in production.": DEBUG,
    "SECRET_KEY must be a random text of 50 characters or more.": len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 10,
    "AUDIT_KEY must be a random text of 50 characters or more.": len(AUDIT_KEY) < 50 or len(set(AUDIT_KEY)) < 10,
    "AUDIT_KEY must differ from SECRET_KEY.": AUDIT_KEY == SECRET_KEY,
    "ALLOWED_HOSTS must name the portal's hosts, not '*'.": "*" in ALLOWED_HOSTS or not ALLOWED_HOSTS,
    "EMBEDDED must be off in production: the embedded servers are for demonstration and tests.": IS_EMBEDDED,
    "DATABASE_URL must name a server of its own, not an embedded one.": (
        "/changzhi-eco-" in str(DATABASES["default"].get("HOST"))
    ),
}
for sentence, is_broken in REFUSALS.items():
    if IS_PRODUCTION and is_broken:
        raise ImproperlyConfigured(sentence)
