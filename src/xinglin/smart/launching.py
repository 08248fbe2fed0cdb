"""The record browser opened as a SMART app: an institution's system says which doctor comes, about whom.

``begin`` sends the browser on to the system that has opened us, ``come_back`` takes its answer: who somebody is there,
and the numbers of the Patient at hand. ``account`` says who that is here. Rights come from the account; what the
session may open besides is decided where it begins. Nothing secret of a launch is kept here: nonce and verifier follow
from its state and from what the browser keeps in a cookie, so that an answer is worth something there alone, and once.

https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.db import transaction
from django.utils.translation import gettext_noop

from xinglin.identity import identifiers
from xinglin.identity.identifiers import Kind, Proof
from xinglin.kernel.errors import busy, conflict, forbidden, gone, invalid, not_found
from xinglin.smart import ehrs, fetching, keys, queries, rules, verifying
from xinglin.smart.assertions import TYPE
from xinglin.smart.models import Ehr, Opening
from xinglin.smart.rules import FHIR_USER, LAUNCH, LAUNCH_PATIENT, PROFILE, Matching, Why
from xinglin.smart.terms import terms
from xinglin.smart.verifying import Doubt, Doubtful, Expected, Question

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from xinglin.accounts.models import Account
    from xinglin.smart.configurations import Configuration
    from xinglin.smart.registering import Deed

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_ERROR = re.compile(r"[a-z_]{1,40}")
_LONGEST = 2000
_CARD = "urn:oid:2.16.156.10011.1.19"


@dataclass(frozen=True, slots=True)
class Came:
    """Who has come from a system. ``patient`` is an id of ours, empty where ``identifiers`` (``system|value``) tell."""

    ehr: Ehr
    opening: Opening
    claims: Mapping[str, Any]
    patient: str
    identifiers: tuple[str, ...]


def begin(*, given: Mapping[str, str], browser: str, base: str, now: datetime) -> tuple[Ehr, str]:
    """The system that has opened us, and where the browser is sent: there, to ask who it is and about whom.

    ``given`` are ``iss`` and ``launch``; without ``launch`` the patient is chosen there. ``browser`` is a secret that
    the browser keeps.
    """
    issuer, launch = given.get("iss", "").strip().rstrip("/"), given.get("launch", "")
    ehr = Ehr.objects.filter(issuer=issuer, active=True).first() if issuer else None
    if ehr is None:
        raise _unknown(issuer[:200] or "—")
    if not ehr.client_id or len(launch) > _LONGEST:
        raise conflict(
            gettext_noop("%(name)s is registered, but has not been set up completely."), code=Why.NOT_READY,
            name=ehr.name,
        )  # fmt: skip
    said = ehrs.configuration(ehr, now=now)
    state = rules.new_secret()
    Opening.objects.create(
        ehr=ehr, state=rules.digest(state), browser=rules.digest(browser), expires=now + terms().opening
    )
    question = _question(state, browser)
    asked = {
        "response_type": "code", "client_id": ehr.client_id, "redirect_uri": ehrs.redirect_of(ehr.key, base),
        "scope": " ".join(_scopes(ehr, said, launched=bool(launch))), "state": state, "aud": ehr.issuer,
        "nonce": question.nonce, "code_challenge": question.challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    if launch:
        asked["launch"] = launch
    return ehr, rules.with_parameters(said.authorize, asked)


def _question(state: str, browser: str) -> Question:
    nonce, verifier = (rules.digest(f"{name}/{browser}/{state}") for name in ("nonce", "verifier"))
    return Question(state, nonce, verifier)


def _scopes(ehr: Ehr, said: Configuration, *, launched: bool) -> list[str]:
    found = [LAUNCH if launched else LAUNCH_PATIENT, *terms().launches.scopes]
    if ehr.matching == Matching.NAME:
        found.append(PROFILE)
    if said.is_of_version_1:
        return [re.sub(r"\.r?s?$", ".read", one) if one.startswith("patient/") else one for one in found]
    return found


def come_back(*, key: str, given: Mapping[str, str], browser: str, base: str, now: datetime) -> Came:
    """Take the answer of the system with that short name; every fault has a ``Why`` as its code."""
    ehr = Ehr.objects.filter(key=key, active=True).first()
    if ehr is None:
        raise _unknown(key[:40])
    state = given.get("state", "")
    opening = _opening(ehr, state, browser, now=now)
    said = ehrs.configuration(ehr, now=now)
    named = given.get("iss")
    if named != said.issuer and (named is not None or said.names_itself):
        raise _mixed(ehr)
    _require_no_error(ehr, given)
    question = _question(state, browser)
    answer = _exchanged(ehr, said, question, given["code"], back=ehrs.redirect_of(ehr.key, base), now=now)
    claims = _claims(ehr, said, question, answer, now=now)
    patient = answer.get("patient")
    if not isinstance(patient, str) or not _ID.fullmatch(patient):
        raise invalid(
            gettext_noop("%(name)s has not said which patient it is about."),
            code=Why.NO_PATIENT,
            name=ehr.name,
        )
    if ehr.issuer == ehrs.own_issuer(base):
        return Came(ehr, opening, claims, patient, ())
    return Came(ehr, opening, claims, "", _numbers(ehr, patient, str(answer.get("access_token", ""))))


def _opening(ehr: Ehr, state: str, browser: str, *, now: datetime) -> Opening:
    """The launch that is answered, which is used up by this."""
    found = Opening.objects.filter(state=rules.digest(state), browser=rules.digest(browser)).first()
    if found is None or not state or not browser or found.expires <= now:
        raise forbidden(
            gettext_noop("This answer was not asked for in this browser, or too long ago."), code=Why.STATE
        )
    if found.ehr_id != ehr.pk:
        raise _mixed(ehr)
    if not Opening.objects.filter(pk=found.pk, used=None).update(used=now):
        raise forbidden(gettext_noop("This answer was used before: it opens a record once."), code=Why.USED)
    found.used = now
    return found


def _unknown(issuer: str) -> Exception:
    return forbidden(
        gettext_noop("The system that has sent you here, %(issuer)s, is not registered, or is disabled."),
        code=Why.UNKNOWN,
        issuer=issuer,
    )


def _mixed(ehr: Ehr) -> Exception:
    return forbidden(
        gettext_noop("The answer is not that of %(name)s: another server has given it."),
        code=Why.MIXED,
        name=ehr.name,
    )


def _require_no_error(ehr: Ehr, given: Mapping[str, str]) -> None:
    error = given.get("error", "")
    if error == "access_denied":
        raise forbidden(
            gettext_noop("%(name)s has not let the record browser in, or you have refused there."),
            code=Why.DENIED, name=ehr.name,
        )  # fmt: skip
    if error or not given.get("code"):
        raise _bad_answer(ehr, error)


def _bad_answer(ehr: Ehr, error: object) -> Exception:
    shown = error if isinstance(error, str) and _ERROR.fullmatch(error) else "—"
    return forbidden(
        gettext_noop("%(name)s has answered with an error (%(error)s)."),
        code=Why.ANSWER,
        name=ehr.name,
        error=shown,
    )


def _exchanged(
    ehr: Ehr, said: Configuration, question: Question, code: str, *, back: str, now: datetime
) -> dict[str, Any]:
    """The token endpoint's answer to the code; we show who we are by our key, or by the system's secret."""
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": question.verifier,
    }  # fmt: skip
    headers: dict[str, str] = {}
    secret = ehrs.secret_of(ehr)
    if secret:
        pair = f"{quote(ehr.client_id, safe='')}:{quote(secret, safe='')}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    else:
        form |= {"client_assertion_type": TYPE, "client_assertion": _assertion(ehr, said, now=now)}
    answer = fetching.ask(said.token, form=form, headers=headers)
    if not answer.status:
        raise busy(
            gettext_noop("%(name)s does not answer, or does not say how to sign in with it."), code=Why.UNREACHED,
            name=ehr.name,
        )  # fmt: skip
    error = (answer.said or {}).get("error")
    if error in ("invalid_client", "unauthorized_client"):
        raise forbidden(
            gettext_noop("%(name)s does not know this platform, or not its key (%(error)s)."), code=Why.CLIENT,
            name=ehr.name, error=error,
        )  # fmt: skip
    if not answer.is_good or answer.said is None:
        raise _bad_answer(ehr, error)
    return answer.said


def _assertion(ehr: Ehr, said: Configuration, *, now: datetime) -> str:
    """https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html"""
    at, holds = int(now.timestamp()), terms().assertion - terms().skew
    return keys.sign(
        {
            "iss": ehr.client_id, "sub": ehr.client_id, "aud": said.token, "iat": at,
            "exp": at + int(holds.total_seconds()), "jti": rules.new_secret(),
        },
        keys.CLIENT,
    )  # fmt: skip


def _claims(
    ehr: Ehr, said: Configuration, question: Question, answer: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """What the identity token says, if it is the system's own answer to this question."""
    text, doubt = answer.get("id_token"), Doubt.SIGNATURE
    if isinstance(text, str):
        expected = Expected(said.issuer, ehr.client_id, question.nonce)
        try:
            return verifying.verified(text, expected, keys=said.keys, now=now)
        except Doubtful as doubtful:
            doubt = doubtful.doubt
    if doubt is Doubt.CLOCK:
        raise forbidden(
            gettext_noop("By our clock the answer of %(name)s is too old, or from the future."), code=Why.CLOCK,
            name=ehr.name,
        )  # fmt: skip
    raise forbidden(
        gettext_noop("%(name)s has not said who you are in a way that can be relied on."), code=Why.TOKEN,
        name=ehr.name,
    )  # fmt: skip


def _numbers(ehr: Ehr, patient: str, token: str) -> tuple[str, ...]:
    """The numbers by which the Patient at hand may be known here, as ``system|value``."""
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/fhir+json"}
    answer = fetching.ask(f"{ehr.issuer}/Patient/{patient}", headers=headers)
    found = answer.said if answer.is_good else None
    if found is None or found.get("resourceType") != "Patient" or found.get("id") != patient:
        raise invalid(
            gettext_noop("%(name)s does not let the record browser read its patient."), code=Why.NO_PATIENT,
            name=ehr.name,
        )  # fmt: skip
    given = found.get("identifier")
    numbers = numbers_of(given if isinstance(given, list) else [])
    if not numbers:
        raise invalid(
            gettext_noop("At %(name)s this patient has no identity number or health card that could be found here."),
            code=Why.NO_NUMBER, name=ehr.name,
        )  # fmt: skip
    return numbers


def numbers_of(given: list[Any]) -> tuple[str, ...]:
    """What of ``Patient.identifier`` tells who somebody is anywhere, in the forms under which it may be kept here.

    Numbers that are wrong in their check digit are left out, and those that only one institution knows.
    """
    found: dict[str, None] = {}
    for one in given:
        document = identifiers.read(one) if isinstance(one, dict) else None
        if (
            document is None
            or document.proof == Proof.BROKEN
            or document.kind not in terms().launches.numbers
        ):
            continue
        if document.kind == Kind.RESIDENT:
            pairs = [
                (system, form)
                for system in identifiers.IDENTITY_SYSTEMS
                for form in identifiers.identity_forms(document.number)
            ]
        else:
            own = [(_CARD, document.number)] if document.kind == Kind.CARD else []
            pairs = [*own, (str(one.get("system") or ""), str(one.get("value")))]
        found |= {f"{system}|{value}": None for system, value in pairs if system}
    return tuple(found)


# -- who comes


def account(came: Came, *, base: str) -> Account:
    """Whose account it is; where it is nobody's, who came is written down so that they may link theirs."""
    subject = str(came.claims["sub"])
    number = _number(came, subject, base)
    mine = ehrs.accounts_of(came.ehr)
    found = mine.filter(pk=number).first() if number is not None else None
    name = came.claims.get(terms().launches.claim)
    if number is None and came.ehr.matching == Matching.NAME and isinstance(name, str):
        found = mine.filter(username=name).first()
    if found is None and came.ehr.issuer == ehrs.own_issuer(base):
        raise forbidden(gettext_noop("Your account may not open records so."), code=Why.ROLE)
    if found is None:
        who = str(came.claims.get("name") or came.claims.get(FHIR_USER) or subject)
        Opening.objects.filter(pk=came.opening.pk).update(subject=subject[:255], who=who[:300])
        raise forbidden(
            gettext_noop("%(institution)s has no account here for %(who)s."), code=Why.UNLINKED,
            institution=came.ehr.institution_name or came.ehr.name, who=who[:100],
        )  # fmt: skip
    _require_role(came.ehr, found)
    return found


def _number(came: Came, subject: str, base: str) -> int | None:
    """The number of the account that the subject is bound to; our own server says it itself."""
    if came.ehr.issuer == ehrs.own_issuer(base):
        return int(subject) if subject.isascii() and subject.isdigit() else None
    return queries.bound(came.ehr.issuer, subject)


def _require_role(ehr: Ehr, account: Account) -> None:
    if not terms().links.roles & set(account.roles):
        raise forbidden(
            gettext_noop("The account %(account)s may not open records from %(name)s: it is no doctor's or nurse's."),
            code=Why.ROLE, account=account.username, name=ehr.name,
        )  # fmt: skip


def waiting(*, number: int, browser: str, now: datetime) -> Opening:
    """Who came at this browser a short while ago and had no account."""
    found = (
        Opening.objects.select_related("ehr")
        .filter(
            pk=number, browser=rules.digest(browser), linked=None, used__gt=now - terms().opening,
            ehr__active=True, ehr__linking=True,
        )
        .exclude(subject="")
        .first()
    )  # fmt: skip
    if found is None or not browser:
        raise _nobody_waits()
    return found


def _nobody_waits() -> Exception:
    return gone(
        gettext_noop("Nobody waits here to be linked. Open the record again from your own system."),
        code=Why.STATE,
    )


def link(*, opening: Opening, account: Account, deed: Deed) -> None:
    """Link the account of who has signed in to who came from the system."""
    ehr = opening.ehr
    if not ehrs.accounts_of(ehr).filter(pk=account.pk).exists():
        raise forbidden(
            gettext_noop("Your account is not one of %(institution)s, from whose system you came."), code=Why.UNLINKED,
            institution=ehr.institution_name or ehr.name,
        )  # fmt: skip
    _require_role(ehr, account)
    with transaction.atomic():
        if not Opening.objects.filter(pk=opening.pk, linked=None).update(linked=deed.now):
            raise _nobody_waits()
        ehrs.bind(ehr=ehr, account=account, subject=opening.subject, deed=deed)


def nobody(*, several: bool) -> Exception:
    """The fault where no resident, or more than one, has the numbers."""
    if several:
        return conflict(
            gettext_noop("The numbers of this patient belong to more than one resident here."),
            code=Why.SEVERAL,
        )
    return not_found(
        gettext_noop("No resident is known here by the numbers of this patient."), code=Why.NOBODY
    )
