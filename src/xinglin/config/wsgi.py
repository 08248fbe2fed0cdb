"""The WSGI entry: machines' requests go straight to a face (FHIR, DICOMweb) or a door, people's through Django."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xinglin.config.settings")

from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from collections.abc import Iterable

_pages = get_wsgi_application()

from django.conf import settings  # noqa: E402 -- Django's registry must be ready first

from xinglin.api import face  # noqa: E402 -- as above
from xinglin.exchange import face as doors  # noqa: E402 -- as above
from xinglin.exchange.dicom import settling  # noqa: E402 -- as above
from xinglin.exchange.dicom.web import face as dicomweb  # noqa: E402 -- as above
from xinglin.kernel import memory, origin  # noqa: E402 -- as above
from xinglin.smart import queries as apps  # noqa: E402 -- as above

dicomweb.may_read_answers.append(apps.may_read_answers)
settling.begin()

# What is loaded by now stays; a bundle of a hundred resources makes ten thousand dicts that are soon gone.
# Looking through all of it after every few hundred would cost a tenth of the time.
memory.settle(100_000, 50, 100)


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """``/fhir``, ``/dicomweb`` and the doors of the exchange without the framework, everything else with it."""
    path = environ["PATH_INFO"]
    with origin.coming_from(origin.of_request(environ, settings.SETTINGS.proxies)):
        if path == "/fhir" or path.startswith("/fhir/"):
            return face.application(environ, start_response)
        if path.startswith(dicomweb.PREFIX + "/"):
            return dicomweb.application(environ, start_response)
        if path.startswith(doors.PREFIX):
            return doors.application(environ, start_response)
        return _pages(environ, start_response)
