"""The index holds exactly what FHIRPath selects, for whatever the standard and a region have."""

from __future__ import annotations

import gzip
from pathlib import Path
from random import Random

import orjson
import pytest

from tests.examples import examples
from tests.fhir.index import invention
from tests.fhir.index.oracle import expected
from xinglin.fhir.definitions import RESOURCE_TYPES
from xinglin.fhir.index import extractor
from xinglin.terminology.pinyin import name_keys

pytestmark = pytest.mark.parametrize("_hashes", [None, b"k" * 32], indirect=True, ids=["plain", "keyed"])
SYNTHEA = Path(__file__).parents[3] / ".." / "shared" / "data" / "synthea"


def difference(resource):
    """What the extractor and the oracle do not agree on; nothing, it is hoped."""
    found = extractor(resource["resourceType"], name_keys=name_keys)(resource)
    wanted = expected(resource, name_keys=name_keys)
    odd = {
        name: set(getattr(found, name)) ^ getattr(wanted, name)
        for name in ("tokens", "ranges", "strings")
        if set(getattr(found, name)) != getattr(wanted, name)
        or len(set(getattr(found, name))) != len(getattr(found, name))
    }
    for name in ("date", "patient"):
        if getattr(found, name) != getattr(wanted, name):
            odd[name] = (getattr(found, name), getattr(wanted, name))
    return odd


def test_index_of_every_example_is_what_fhirpath_selects():
    resources = [orjson.loads(body) for _, body in examples()]

    wrong = {f"{r['resourceType']}/{r.get('id')}": odd for r in resources if (odd := difference(r))}

    assert wrong == {}
    assert len({r["resourceType"] for r in resources} & set(RESOURCE_TYPES)) == 140  # the package has no more


def test_index_of_synthetic_records_is_what_fhirpath_selects():
    files = sorted(SYNTHEA.glob("*.json.gz"))[:3]
    if not files:
        pytest.skip("the Synthea bundles are not beside the repository")
    resources = [
        e["resource"] for path in files for e in orjson.loads(gzip.decompress(path.read_bytes()))["entry"]
    ]

    wrong = {f"{r['resourceType']}/{r.get('id')}": odd for r in resources if (odd := difference(r))}

    assert wrong == {}


@pytest.mark.parametrize(
    "resource",
    [
        {
            "resourceType": "Patient",
            "id": "p1",
            "name": [
                {"use": "official", "text": "欧阳 娜娜", "family": "欧阳", "given": ["娜娜"]},
                {"text": "Nana Ouyang", "given": [None, "Nana"], "_given": [{"id": "x"}, None]},
                {"text": "吕布"},
            ],
            "address": [{"state": "河南省", "city": "郑州市", "district": "金水区", "line": ["文化路 1 号"]}],
            "deceasedDateTime": "2024-02",
            "_birthDate": {"extension": [{"url": "http://x.cn/unknown", "valueBoolean": True}]},
        },
        {
            "resourceType": "Observation",
            "_status": {"extension": [{"url": "http://x.cn/unknown", "valueBoolean": True}]},
            "code": {"text": "体温"},
            "subject": {"type": "Patient", "identifier": {"system": "urn:x", "value": "1"}},
            "effectiveTiming": {
                "event": ["2024-05-01", "2024-04-01T08:00:00Z"],
                "repeat": {"boundsPeriod": {"start": "2024-01"}},
            },
            "valueSampledData": {
                "origin": {"value": 2, "code": "mV"},
                "period": 10,
                "factor": 0.5,
                "lowerLimit": -3,
                "dimensions": 1,
                "data": "1 4 E L U 2.5",
            },
            "component": [
                {"code": {"coding": [{"code": "a"}]}, "valueQuantity": {"value": 1, "comparator": "<"}},
                {
                    "code": {"coding": [{"system": "s", "code": "b"}]},
                    "valueCodeableConcept": {"coding": [{"code": "c"}]},
                },
                {"code": {"coding": [{"system": "s", "code": "d"}]}, "valueQuantity": {"unit": "毫米汞柱"}},
            ],
        },
        {
            "resourceType": "RiskAssessment",
            "status": "final",
            "subject": {"reference": "Group/1"},
            "prediction": [{"probabilityRange": {"high": {"value": 0.5}}}, {"probabilityDecimal": 1e-3}],
            "occurrencePeriod": {"end": "2024-01-31"},
        },
        {
            "resourceType": "Appointment",
            "status": "booked",
            "participant": [
                {"actor": {"reference": "Practitioner/d"}, "status": "accepted"},
                {"actor": {"reference": "Patient/p/_history/3"}, "status": "accepted"},
                {"actor": {"reference": "http://elsewhere.cn/fhir/Patient/q"}, "status": "accepted"},
                {"actor": {"reference": "#contained"}, "status": "accepted"},
            ],
        },
    ],
    ids=lambda resource: resource["resourceType"],
)
def test_index_of_unusual_resources_is_what_fhirpath_selects(resource):
    before = orjson.dumps(resource)

    assert difference(resource) == {}
    assert orjson.dumps(resource) == before


@pytest.mark.parametrize("resource_type", RESOURCE_TYPES)
def test_index_of_made_up_resources_is_what_fhirpath_selects(resource_type):
    random = Random(resource_type)

    for _ in range(8):
        assert difference(invention.resource(random, resource_type)) == {}
