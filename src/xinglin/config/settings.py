"""Django's settings, from the platform's own."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from xinglin.kernel import settings as platform

SETTINGS = platform.read()

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = SETTINGS.secret_key
DEBUG = SETTINGS.debug
ALLOWED_HOSTS = ["*"]
USE_X_FORWARDED_HOST = False

INSTALLED_APPS = [
    "xinglin.terminology",
    "xinglin.record",
    "xinglin.accounts",
    "xinglin.live",
    "xinglin.ui",
    "xinglin.identity",
    "xinglin.directory",
    "xinglin.ledger",
    "xinglin.healthcard",
    "xinglin.codebook",
    "xinglin.codebook.mapping",
    "xinglin.signing",
    "xinglin.audit",
    "xinglin.smart",
    "xinglin.consent",
    "xinglin.exchange",
    "xinglin.exchange.hl7v2",
    "xinglin.exchange.edges",
    "xinglin.exchange.nodes",
    "xinglin.exchange.mapping",
    "xinglin.exchange.tables",
    "xinglin.exchange.cda",
    "xinglin.exchange.dicom",
    "xinglin.exchange.onboarding",
    "xinglin.exchange.subscriptions",
    "xinglin.quality",
    "xinglin.recognition",
    "xinglin.edge",
    "xinglin.clinic",
    "xinglin.tcm.knowledge",
    "xinglin.tcm.differentiation",
    "xinglin.tcm.safety",
    "xinglin.tcm.constitution",
    "xinglin.tcm.adapter",
    "xinglin.reminders",
    "xinglin.synth",
    "xinglin.portal",
    "xinglin.residents",
    "xinglin.api",
    "xinglin.config",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
]

MIDDLEWARE = [
    "xinglin.tcm.adapter.framing.frame",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "xinglin.accounts.sessions.keep",
    "xinglin.ui.limiting.limit",
    "xinglin.residents.keeping.keep",
    "xinglin.tcm.adapter.framing.hold",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "xinglin.live.pages.permit",  # within the one before, which reads what this one adds
]

ROOT_URLCONF = "xinglin.config.urls"
WSGI_APPLICATION = "xinglin.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def _database() -> dict[str, object]:
    if not SETTINGS.database_url:
        raise ImproperlyConfigured(
            "No DATABASE_URL. Start the platform with the `xinglin` command, which runs its own PostgreSQL."
        )
    parts = {k: str(v) for k, v in conninfo_to_dict(SETTINGS.database_url).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": parts,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.Account"
AUTHENTICATION_BACKENDS = ["xinglin.accounts.backend.PasswordBackend"]
PASSWORD_HASHERS = [  # the first makes new hashes; those of the others are replaced when somebody signs in
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = SETTINGS.home / "static"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 24 * 3600  # at most; what holds is in accounts/data/signon-1.toml
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SETTINGS.base_url.startswith("https://")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

_SELF = ["'self'"]
_NONE = ["'none'"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": _NONE,
        "script-src": _SELF,
        "style-src": _SELF,
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": _SELF,
        "connect-src": _SELF,
        "worker-src": _SELF,
        "manifest-src": _SELF,
        "base-uri": _NONE,
        "form-action": _SELF,
        "frame-ancestors": _NONE,
        "object-src": _NONE,
    },
}

if os.environ.get("PYTEST_VERSION"):
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
