"""The ASGI entry: streams for live pages, in a process of their own (``xinglin live``); everything else is WSGI."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinglin.config.settings")
django.setup()

from django.conf import settings  # noqa: E402 -- Django's registry must be ready first

from xinglin.live.application import Application  # noqa: E402 -- as above

application = Application(pages=settings.SETTINGS.port)
