"""``$validate-code`` of code systems and value sets.

https://hl7.org/fhir/R4/codesystem-operation-validate-code.html and
https://hl7.org/fhir/R4/valueset-operation-validate-code.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.api.operations.codes.asking import Asked, coding, kept, offer, parameters, said
from xinglin.api.operations.codes.expanding import members_of
from xinglin.kernel.errors import Issue, invalid, unsupported
from xinglin.terminology import queries
from xinglin.terminology.checking import Checker, Coding, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

_CODES = ("code", "version", "display", "coding", "codeableConcept", "date", "abstract", "displayLanguage")


@offer(
    "validate-code",
    "CodeSystem",
    "Whether a code is one of the system, and its display right.",
    ("url", "codeSystem", *_CODES),
)
def in_system(asked: Asked) -> dict[str, Any]:
    if asked.parameters.element("codeSystem") is not None:
        raise unsupported("A code system that is only sent cannot be asked; store it first.")
    url, version = asked.parameters.text("url") or "", ""
    if asked.id is not None:
        system = kept(asked, queries.SYSTEMS)
        url, version = system.url, system.version
    checker = _checker(asked)

    def check(one: Coding) -> Verdict:
        if url and one.system and one.system != url:
            issue = Issue(
                "invalid", "The coding is of %(there)s, not of %(url)s.", {"there": one.system, "url": url}
            )
            return Verdict(False, (issue,), one.system)
        return checker.in_system(Coding(url or one.system, one.code, one.version or version, one.display))

    return _judged(asked, check, asked.parameters.text("version") or "")


@offer(
    "validate-code",
    "ValueSet",
    "Whether a code is in the value set, and its display right.",
    ("url", "context", "valueSet", "valueSetVersion", "system", "systemVersion", "system-version", *_CODES),
)
def in_set(asked: Asked) -> dict[str, Any]:
    if asked.parameters.text("context"):
        raise unsupported("The parameter context is not supported; give the url of the value set.")
    members, name = members_of(asked)
    checker = _checker(asked)
    return _judged(
        asked,
        lambda one: checker.in_set(one, members, name),
        asked.parameters.text("systemVersion") or asked.parameters.text("version") or "",
    )


def _checker(asked: Asked) -> Checker:
    abstract = asked.parameters.flag("abstract")
    return Checker(
        asked.connection,
        asked.known,
        asked.on,
        language=asked.language,
        abstract=abstract is not False,
    )


def _judged(asked: Asked, check: Callable[[Coding], Verdict], version: str) -> dict[str, Any]:
    """The verdict on what was sent: of a CodeableConcept, the first coding that is right."""
    codings = _codings(asked, version)
    verdicts = [check(one) for one in codings]
    best = next((one for one in verdicts if one.right), verdicts[0])
    if not best.right:
        best = next((one for one in verdicts if one.found is not None), best)
    told = verdicts if not best.right else [best]
    message = " ".join(said(issue, asked.request.language) for one in told for issue in one.issues)
    return parameters(
        ("result", "Boolean", best.right),
        ("message", "String", message),
        ("display", "String", best.display),
        ("code", "Code", best.code if best.right or best.found else ""),
        ("system", "Uri", best.system),
        ("version", "String", best.version),
        ("inactive", "Boolean", True if best.found is not None and best.found.inactive else None),
    )


def _codings(asked: Asked, version: str) -> list[Coding]:
    given = asked.parameters
    forms = [name for name in ("code", "coding", "codeableConcept") if given.all(name)]
    if len(forms) != 1:
        raise invalid(
            "Give one of code, coding and codeableConcept; there is %(there)s.",
            code="required",
            there=", ".join(forms) or "none",
        )
    if forms == ["code"]:
        system = given.text("system") if "system" in given.known else None
        return [Coding(system or "", str(given.text("code")), version, given.text("display") or "")]
    element = given.element(forms[0]) or {}
    listed = [element] if forms == ["coding"] else element.get("coding", [])
    if not isinstance(listed, list) or not listed or not all(isinstance(one, dict) for one in listed):
        raise invalid("The CodeableConcept has no coding.", code="required")
    return [coding({"version": version, **one} if version else one) for one in listed]
