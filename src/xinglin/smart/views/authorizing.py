"""The page on which somebody allows an app what it asks, or part of it, or refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from csp.decorators import csp_update
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from xinglin.accounts.models import SignedIn
from xinglin.accounts.queries import actor_of
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record.door import open_as
from xinglin.smart import allowing, asking, queries, rules, words
from xinglin.smart.allowing import Decision
from xinglin.smart.rules import Refused
from xinglin.smart.views.machines import base_of
from xinglin.ui import entry

if TYPE_CHECKING:
    from django.http import HttpRequest

    from xinglin.record.door import Door
    from xinglin.smart.asking import Asking
    from xinglin.smart.models import Launch

_MOST_FOUND = "20"
_IDENTITY_NUMBER = 18  # characters
_OWN_REQUEST = "PATRQT"
_RESIDENT = "resident"  # a role that finds nobody: whoever has it chooses among the own


@never_cache
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """Ask whoever is signed in. The parameters stand in the address, the decision in the form."""
    try:
        asked = asking.read(request.GET)
    except Fault as fault:
        return entry.failed(request, fault)
    try:
        asking.require(asked, request.GET, base=base_of(request))
        if not request.user.is_authenticated:
            if asked.given.get("prompt") == "none":
                raise Refused("login_required", "Nobody is signed in.")
            return redirect_to_login(request.get_full_path())
        if asked.given.get("prompt") == "none":
            raise Refused("consent_required", "It is asked every time.")
        return _Page(request, asked).answer()
    except Refused as refused:
        return _back(request, asked, {"error": refused.error, "error_description": refused.description})


def _back(request: HttpRequest, asked: Asking, said: dict[str, str]) -> HttpResponse:
    """Send the browser back to the app."""
    more = {"iss": base_of(request)} | ({"state": asked.state} if asked.state else {})
    address = rules.with_parameters(asked.redirect, said | more)
    return HttpResponse(status=303 if request.method == "POST" else 302, headers={"Location": address})


class _Page:
    """One asking of one account."""

    def __init__(self, request: HttpRequest, asked: Asking) -> None:
        self.request = request
        self.asked = asked
        self.now = clock.now()
        self.purpose = entry.purpose_of(request)
        self.actor = actor_of(request.user, purpose=self.purpose)  # type: ignore[arg-type]  # who is signed in
        self.door: Door = open_as(self.actor)
        self.own = queries.own_patients(self.actor)
        self.resident = bool(self.own) or self.actor.has(_RESIDENT)
        if self.resident:
            self.purpose = _OWN_REQUEST
        self.launch = self._launch()

    def _launch(self) -> Launch | None:
        value = self.asked.given.get("launch", "")
        if not value:
            return None
        found = allowing.launched(app=self.asked.app, account=self._number, value=value, now=self.now)
        if found is None:
            raise Refused(
                "invalid_request", "launch is not known, has expired, was used, or is somebody else's."
            )
        return found

    @property
    def _number(self) -> int:
        return int(self.request.user.pk or 0)

    @property
    def ticked(self) -> tuple[str, ...]:
        """The scopes that are to be granted: at first all that are offered."""
        if self.request.method != "POST":
            return self.asked.scopes
        given = self.request.POST.getlist("scope")
        return tuple(scope for scope in self.asked.scopes if scope in given)

    def answer(self) -> HttpResponse:
        decision = self.request.POST.get("decision") if self.request.method == "POST" else None
        if decision == "refuse":
            self._use_up()
            raise Refused("access_denied", "It was refused.")
        if decision == "allow":
            return self._allowed()
        return self._shown()

    def _allowed(self) -> HttpResponse:
        granted = self.ticked
        if not granted:
            self._use_up()
            raise Refused("access_denied", "Nothing was allowed.")
        patient = ""
        if rules.needs_patient(granted):
            patient = self._chosen()
            if not patient:
                return self._shown(gettext("Choose whose record the app may see."), status=422)
            try:
                self._door_to(patient).read("Patient", patient)
            except Fault:
                return self._shown(gettext("This resident cannot be chosen. Choose another."), status=422)
        self._use_up()
        key = self.request.session.session_key
        session = SignedIn.objects.filter(account_id=self._number, key=key, ended=None).first()
        decision = Decision(
            account=self._number, scopes=granted, patient=patient, purpose=self.own.get(patient, self.purpose),
            session=session.pk if session else None, signed_in=session.begun if session else None,
        )  # fmt: skip
        code = allowing.allow(
            app=self.asked.app, decision=decision, redirect=self.asked.redirect, challenge=self.asked.challenge,
            nonce=self.asked.given.get("nonce", ""), now=self.now,
        )  # fmt: skip
        return _back(self.request, self.asked, {"code": code})

    def _use_up(self) -> None:
        if self.launch is not None and not allowing.use_up(self.launch, now=self.now):
            raise Refused("invalid_request", "launch was used before.")

    def _chosen(self) -> str:
        if self.launch is not None:
            return self.launch.patient
        chosen = self.request.POST.get("patient", "")
        return chosen if chosen in self.own or not self.resident else ""

    def _door_to(self, patient: str) -> Door:
        """The door with the purpose that this record is opened for."""
        return open_as(replace(self.actor, purpose=self.own.get(patient, self.purpose)))

    def _shown(self, problem: str = "", status: int = 200) -> HttpResponse:
        text = self.request.POST.get("find", "").strip()[:100]
        shown = {
            "app": self.asked.app,
            "home": rules.origin_of(self.asked.redirect) or self.asked.redirect.partition(":")[0],
            "rows": [self._row(scope) for scope in self.asked.scopes],
            "needs_patient": rules.needs_patient(self.asked.scopes),
            "launched": self._people([self.launch.patient])[0:1] if self.launch else [],
            "resident": self.resident,
            "own": self._people(list(self.own)) if not self.launch else [],
            "found": self._found(text) if text and not self.resident and not self.launch else [],
            "find": text,
            "chosen": self.request.POST.get("patient", ""),
            "problem": problem,
        }
        response = render(self.request, "smart/authorize.html", shown, status=status)
        # A browser asks this policy also of where a form leads on to.
        onward = rules.origin_of(self.asked.redirect) or f"{self.asked.redirect.partition(':')[0]}:"
        csp_update({"form-action": [onward]})(lambda _: response)(self.request)
        return response

    def _row(self, scope: str) -> dict[str, Any]:
        title, detail = words.of_scope(scope)
        return {
            "scope": scope, "title": title, "detail": detail, "changes": words.changes(scope),
            "ticked": scope in self.ticked,
        }  # fmt: skip

    def _found(self, text: str) -> list[dict[str, str]]:
        """Residents by name or number, as the account may find them; the search is noted."""
        digits = text.replace(" ", "")
        number = digits.isascii() and digits.isalnum() and any(c.isdigit() for c in digits)
        pairs = [("identifier" if number else "name", digits if number else text), ("_count", _MOST_FOUND)]
        return [_person(entry_.stored.resource) for entry_ in self.door.search("Patient", pairs).entries]

    def _people(self, ids: list[str]) -> list[dict[str, str]]:
        found = []
        for id_ in ids:
            try:
                found.append(_person(self._door_to(id_).read("Patient", id_).resource))
            except Fault:
                continue
        return found


def _person(patient: dict[str, Any]) -> dict[str, str]:
    names = [
        n.get("text") or n.get("family", "") + "".join(n.get("given", ())) for n in patient.get("name", ())
    ]
    numbers = [str(i.get("value", "")) for i in patient.get("identifier", ())]
    return {
        "tail": next((number[-4:] for number in numbers if len(number) == _IDENTITY_NUMBER), ""),
        "id": patient["id"], "name": next((name for name in names if name), "—"), "sex": patient.get("gender", ""),
        "birth": patient.get("birthDate", ""),
    }  # fmt: skip
