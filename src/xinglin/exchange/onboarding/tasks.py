"""What is done daily."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.conf import settings
from psycopg import errors

from xinglin.exchange.onboarding import actions, points

if TYPE_CHECKING:
    from datetime import datetime

_log = logging.getLogger(__name__)


def forget(now: datetime) -> int:
    """Forget samples that are needed no more; tomorrow, if the doors are too busy now."""
    try:
        return actions.forget(scheme=points.scheme(settings.SETTINGS.home), now=now)
    except errors.LockNotAvailable:
        _log.warning("samples of onboardings are forgotten another day: messages are being kept all the time")
        return 0
