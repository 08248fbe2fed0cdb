"""The WSGI entry: machines' requests go straight to the FHIR face, people's through Django."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinglin.config.settings")

from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from collections.abc import Iterable

_pages = get_wsgi_application()

from xinglin.api import face  # noqa: E402 -- Django's registry must be ready first


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """``/fhir`` without the framework, everything else with it."""
    path = environ["PATH_INFO"]
    if path == "/fhir" or path.startswith("/fhir/"):
        return face.application(environ, start_response)
    return _pages(environ, start_response)
