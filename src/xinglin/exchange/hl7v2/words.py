"""What the shipped mappings say of messages: here so that it is translated."""

from __future__ import annotations

from django.utils.translation import gettext_noop

CHECKS = (
    gettext_noop("The visit has no number (PV1-19); only the patient was stored."),
    gettext_noop("The result does not say of what it is (OBX-3); it was not stored."),
)
