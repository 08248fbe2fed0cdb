"""Asking a door's handler what a message is and what it says. Whatever goes wrong is a reason, never an error."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.exchange import doors
from xinglin.exchange.doors import ERROR, Door, Envelope, Reason, Translated
from xinglin.fhir.definitions import is_resource_type
from xinglin.kernel.errors import Fault

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender
    from xinglin.exchange.receipts import Delivery

_log = logging.getLogger(__name__)


def opened(delivery: Delivery) -> tuple[Envelope, Translated | None]:
    """The envelope; and where there is none, why."""
    try:
        return doors.handler(delivery.door).open(delivery.body, delivery.media, delivery.sender), None
    except Fault as fault:
        return Envelope(""), Translated(reasons=reasons_of(fault))
    except Exception as error:  # noqa: BLE001 -- a message must not be lost by a mistake of ours
        _log.exception("the door %s could not open a message", delivery.door)
        return Envelope(""), Translated(reasons=(accident(error),))


def translated(door: Door, body: bytes, media: str, sender: Sender) -> Translated:
    """What a message says; a handler that fails is a reason, too."""
    try:
        return _sound(doors.handler(door).translate(body, media, sender))
    except Fault as fault:
        return Translated(reasons=reasons_of(fault))
    except Exception as error:  # noqa: BLE001 -- a message must not be lost by a mistake of ours
        _log.exception("the door %s could not translate a message", door)
        return Translated(reasons=(accident(error),))


def _sound(told: Translated) -> Translated:
    """What a handler gives, if it is what a handler has to give."""
    for resource in told.resources:
        if not isinstance(resource.get("id"), str) or not is_resource_type(str(resource.get("resourceType"))):
            raise ValueError(
                f"{resource.get('resourceType')!r} {resource.get('id')!r} is no resource with an id."
            )
    return told


def reasons_of(fault: Fault) -> tuple[Reason, ...]:
    """A fault as reasons."""
    return tuple(Reason(ERROR, i.code, i.expression or "", i.message, dict(i.params)) for i in fault.issues)


def accident(error: Exception) -> Reason:
    """A mistake of ours as a reason."""
    said = gettext_noop("The platform failed on this message (%(kind)s); its log says more.")
    return Reason(ERROR, "exception", "", said, {"kind": type(error).__name__})
