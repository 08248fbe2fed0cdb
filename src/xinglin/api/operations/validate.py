"""``$validate``: would this be taken? https://hl7.org/fhir/R4/resource-operation-validate.html"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xinglin.api import outcomes
from xinglin.api.answers import Answer
from xinglin.api.operations.parameters import Parameters
from xinglin.api.operations.register import INSTANCE, SYSTEM, TYPE, Operation, register
from xinglin.fhir import validation
from xinglin.kernel.errors import Fault, Issue, invalid
from xinglin.record import database, door

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.api.requests import Request

_BASE = "http://hl7.org/fhir/StructureDefinition/"
_MODES = ("create", "update", "delete")


def validate(request: Request, level: str, type_name: str | None = None, id_: str | None = None) -> Answer:
    """Say what is wrong with a resource: always 200, the issues in the OperationOutcome.

    Without ``mode`` the resource itself is checked; with it the interaction is tried in a transaction that is
    then taken back, so that references, versions and what else the store watches over are checked too.
    """
    asked = Parameters(request, ("mode", "profile"))
    mode = asked.text("mode")
    if mode is not None and mode not in _MODES:
        raise invalid(
            "The parameter mode should be one of %(known)s; it is %(mode)s.",
            code="value",
            known=", ".join(_MODES),
            mode=repr(mode),
        )
    resource = asked.resource
    if resource is None and level == INSTANCE and mode != "delete":
        resource = request.door.read(str(type_name), str(id_)).resource
    issues = _about(resource, type_name, asked.all("profile")) if resource is not None else []
    if resource is None and mode != "delete":
        raise invalid("There is no resource to validate; send it in the body.", code="required")
    if mode is not None and not any(one.severity in ("error", "fatal") for one in issues):
        issues += _tried(request, mode, resource, (type_name, id_))
    return Answer(200, outcomes.text(issues, request.language))


def _about(resource: dict[str, Any], type_name: str | None, profiles: list[Any]) -> list[Issue]:
    """What the definitions say against the resource."""
    own = resource.get("resourceType")
    if type_name is not None and own != type_name:
        message = "The resource's type should be %(wanted)s, as in the address; it is %(there)s."
        params = {"wanted": type_name, "there": repr(own)}
        return [Issue("value", message, params, "resourceType")]
    issues = validation.check_fully(resource)
    message = "The profile %(profile)s is not known here; only FHIR R4 itself was checked."
    return issues + [
        Issue("not-found", message, {"profile": str(profile)}, severity="warning")
        for profile in profiles
        if str(profile).partition("|")[0] != f"{_BASE}{own}"
    ]


def _tried(
    request: Request, mode: str, resource: dict[str, Any] | None, place: tuple[str | None, str | None]
) -> list[Issue]:
    """What the store says against the interaction."""
    type_name, id_ = place
    acts: dict[str, Callable[[door.Door], object]] = {
        "create": lambda within: within.create(resource or {}),
        "update": lambda within: within.update({**(resource or {}), **({"id": id_} if id_ else {})}),
        "delete": lambda within: within.delete(str(type_name), str(id_)),
    }
    if mode == "delete" and id_ is None:
        return [Issue("required", "Whether something may be deleted is asked at its own address.")]
    if (
        mode == "update"
        and id_ is not None
        and resource is not None
        and resource.get("id") not in (None, id_)
    ):
        message = "The resource's id should be %(wanted)s, as in the address; it is %(there)s."
        return [Issue("value", message, {"wanted": id_, "there": repr(resource["id"])}, f"{type_name}.id")]
    try:
        with database.using(None) as connection, connection.transaction(force_rollback=True):
            acts[mode](door.open_as(request.actor, connection))
    except Fault as fault:
        return list(fault.issues)
    return []


register(
    Operation(
        "validate",
        frozenset({SYSTEM, TYPE, INSTANCE}),
        frozenset(),
        "http://hl7.org/fhir/OperationDefinition/Resource-validate",
        "Checks a resource against FHIR R4; with mode, also tries the interaction and takes it back.",
        validate,
    )
)
