"""Onboardings beside an empty exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.exchange.make import STEWARD
from tests.exchange.onboarding import make

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.exchange.doors import Sender
    from xinglin.exchange.onboarding.models import Onboarding


@pytest.fixture
def begun(db: None, sender: Sender) -> Callable[..., Onboarding]:
    """A function that begins to onboard a hospital's system over HL7 v2."""
    from xinglin.exchange.doors import Door
    from xinglin.exchange.onboarding import actions

    def begin(**more: Any) -> Onboarding:
        said = {"sender": "h09", "name": "第九医院", "door": Door.HL7V2, "kinds": make.HOSPITAL, **more}
        return actions.begin(said=actions.Begun(**said), scheme=make.SCHEME, actor=STEWARD, now=make.NOW)

    return begin
