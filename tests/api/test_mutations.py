"""Valid resources, changed at random: never a fault of ours, and what is refused leaves no trace."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.make import bundle, entry, observation, patient

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.caller import Caller

SEEDS: list[dict[str, Any]] = [
    patient(
        identifier=[
            {"system": "urn:x", "value": "1", "type": {"coding": [{"system": "urn:t", "code": "MR"}]}}
        ],
        telecom=[{"system": "phone", "value": "13800000000", "period": {"start": "2020-01-01"}}],
        birthDate="1950-05-01",
        _birthDate={"extension": [{"url": "urn:e", "valueDateTime": "1950-05-01T08:00:00+08:00"}]},
        gender="female",
        address=[{"line": ["中山路1号"], "city": "南宁"}],
        contained=[{"resourceType": "Organization", "id": "o", "name": "医院"}],
        managingOrganization={"reference": "#o"},
        text={"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">王</div>'},
    ),
    observation(
        "urn:uuid:3f2b8a60-6b1e-4f5e-9a68-0c7a6e2f9d11",
        effectivePeriod={"start": "2024-05-01", "end": "2024-05-02"},
        component=[{"code": {"text": "x"}, "valueInteger": 3}],
        referenceRange=[{"low": {"value": 60}, "high": {"value": 100.5}}],
    ),
]
_TEXTS = """
 |x|2024-02-30|Patient/none|Patient?name=x|#|urn:uuid:x|http://test/fhir/Patient/none|javascript:alert(1)
%s %(name)s|' OR 1=1 --|99999999999999999999999999999999999999999999|\ud83d\ude00
""".replace("\n", "|").split("|")
_NAMES = st.sampled_from(["resourceType", "id", "extension", "reference", "x", "_x", "value"])
_ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from([*_TEXTS, "\0", "x" * 5000]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(_NAMES, st.text(max_size=3), max_size=2),
)


def _places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [p for key, child in pairs for p in ((*here, key), *_places(child, (*here, key)))]


@st.composite
def changed(draw: st.DrawFn) -> dict[str, Any]:
    """One of the seeds with one to three places replaced, removed, doubled or renamed."""
    resource = copy.deepcopy(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 3))):
        places = _places(resource)
        if not places:
            break
        *path, last = draw(st.sampled_from(places))
        holder = resource
        for step in path:
            holder = holder[step]
        match draw(st.sampled_from(["replace", "remove", "nest", "rename"])):
            case "replace":
                holder[last] = draw(_ODD)
            case "remove":
                del holder[last]
            case "nest":
                holder[last] = draw(
                    st.sampled_from([[holder[last]], {"x": holder[last]}, [holder[last]] * 2])
                )
            case _ if isinstance(holder, dict):
                holder[draw(st.text(max_size=8))] = holder.pop(last)
    return resource


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(resource=changed())
def test_changed_resource_is_stored_or_refused_but_never_a_fault_of_ours(
    caller: Caller, stored: Callable[[], Any], resource: dict[str, Any]
) -> None:
    before = stored()
    body = json.dumps(resource, ensure_ascii=True).encode()

    plain = caller("POST", str(SEEDS[0]["resourceType"]), body)
    checked = caller("POST", "$validate", body)
    whole = caller(
        "POST",
        "",
        bundle(
            "transaction",
            entry("POST", "Patient", patient(), full_url="urn:uuid:3f2b8a60-6b1e-4f5e-9a68-0c7a6e2f9d11"),
            entry("POST", "Observation", resource),
        ),
    )
    after = stored()

    for reply in (plain, checked, whole):
        assert reply.status < 500, reply.body
        assert reply.status < 400 or all(issue["diagnostics"] for issue in reply.issues)
    if plain.status >= 400 and whole.status >= 400:
        assert after == before


_SOME_NAMES = """
name birthdate gender _id _has:Observation:subject:code organization.name _sort _include _lastUpdated _count
identifier general-practitioner:Practitioner.name name:exact birthdate:missing identifier:of-type _total _elements
_page _tag:not _type _summary _revinclude
"""
_SOME_VALUES = """
2024 ge2024-05 urn:x|1 | a|b|c $ \\ , Patient:* * true -1 1e9 ~ ap2024-02-30 gt Patient/1 % text http://x/Patient/1
accurate -birthdate,_id 0000000000000000000000000000000000000000000000000
"""
_WORDS = st.text(max_size=12) | st.sampled_from(_SOME_NAMES.split())
_VALUES = st.text(max_size=12) | st.sampled_from(_SOME_VALUES.split())


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(_WORDS, _VALUES), min_size=1, max_size=4))
def test_any_search_is_answered_or_refused_but_never_a_fault_of_ours(
    caller: Caller, pairs: list[tuple[str, str]]
) -> None:
    text = urlencode(
        [(n.encode("utf-8", "surrogatepass"), v.encode("utf-8", "surrogatepass")) for n, v in pairs]
    )

    replies = [
        caller.get("Patient?" + text),
        caller.get("Patient?" + text, prefer="handling=lenient"),
        caller("POST", "Patient/_search", text.encode(), content_type="application/x-www-form-urlencoded"),
        caller.get("Patient/_history?" + text),
    ]

    for reply in replies:
        assert reply.status < 500, reply.body
        assert reply.status < 400 or all(issue["diagnostics"] for issue in reply.issues)


_PATHS = st.lists(
    st.sampled_from(
        [
            "Patient",
            "Observation",
            "_history",
            "_search",
            "metadata",
            "$validate",
            "$meta",
            "*",
            "1",
            "..",
            "",
        ]
    )
    | st.text(max_size=8),
    max_size=5,
).map("/".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"]), path=_PATHS
)
def test_any_address_is_answered_or_refused_but_never_a_fault_of_ours(
    caller: Caller, stored: Callable[[], Any], method: str, path: str
) -> None:
    before = stored()

    reply = caller(method, path.replace("?", ""))

    assert reply.status < 500, reply.body
    assert stored() == before
