"""What is asked on the pages."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.ledger.queries import Wanted


class SearchForm(forms.Form):
    """Which entries to list."""

    kind = forms.CharField(required=False, max_length=63)
    source = forms.CharField(required=False, max_length=63)
    since = forms.DateField(required=False, label=_("From day"))
    until = forms.DateField(required=False, label=_("To day"))
    before = forms.IntegerField(required=False, min_value=0, max_value=(1 << 62))

    def wanted(self, limit: int) -> Wanted:
        """The search; what was typed wrongly is left out."""
        given = self.cleaned_data
        since, until = given.get("since"), given.get("until")
        return Wanted(
            kind=given.get("kind") or "",
            source=given.get("source") or "",
            since=datetime.combine(since, time.min, LOCAL_ZONE) if since else None,
            until=datetime.combine(until + timedelta(days=1), time.min, LOCAL_ZONE) if until else None,
            before=given.get("before"),
            limit=limit,
        )
