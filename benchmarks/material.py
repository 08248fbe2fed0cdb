"""What the benchmarks store: patients and Observations of one kilobyte, made up, the same for every run."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TESTS = [
    ("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "糖化血红蛋白", "%", 4.0, 14.0),
    ("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "葡萄糖", "mg/dL", 60.0, 300.0),
    ("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "肌酐", "mg/dL", 0.4, 4.0),
    ("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", "总胆固醇", "mg/dL", 100.0, 320.0),
    ("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma", "甘油三酯", "mg/dL", 40.0, 500.0),
    ("718-7", "Hemoglobin [Mass/volume] in Blood", "血红蛋白", "g/dL", 7.0, 18.0),
    ("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "白细胞", "10*3/uL", 2.0, 20.0),
    ("777-3", "Platelets [#/volume] in Blood by Automated count", "血小板", "10*3/uL", 80.0, 500.0),
    ("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "钾", "mmol/L", 2.8, 6.5),
    ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "钠", "mmol/L", 125.0, 155.0),
]
CODES = [test[0] for test in _TESTS]
_FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国"
_SIZE = 1000
_SUBJECT = "Patient/of-the-bundle"
_DIFFERENT = 5_000  # Observations that are made anew for each stretch of bundles


def patient(number: int) -> dict[str, Any]:
    """A patient with a name, an identifier, a phone and an address."""
    rng = random.Random(number)
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:xinglin:benchmark:patient", "value": f"P{number:08d}"}],
        "active": True,
        "name": [{"family": rng.choice(_FAMILY), "given": ["".join(rng.sample(_GIVEN, rng.choice((1, 2))))]}],
        "telecom": [{"system": "phone", "value": f"139{rng.randrange(10**8):08d}"}],
        "gender": rng.choice(("male", "female")),
        "birthDate": f"{rng.randrange(1930, 2024)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}",
        "address": [
            {
                "city": "杏川市",
                "district": f"{rng.randrange(1, 7)}区",
                "text": f"杏川市{rng.randrange(999)}号",
            }
        ],
    }


def observation(rng: random.Random, subject: str) -> dict[str, Any]:
    """A laboratory result of ``_SIZE`` bytes of JSON."""
    code, display, chinese, unit, low, high = rng.choice(_TESTS)
    moment = (
        f"{rng.randrange(2016, 2026)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"
        f"T{rng.randrange(7, 18):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}+08:00"
    )
    made: dict[str, Any] = {
        "resourceType": "Observation",
        "identifier": [{"system": "urn:xinglin:benchmark:result", "value": f"{rng.getrandbits(48):015d}"}],
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "laboratory",
                        "display": "Laboratory",
                    }
                ]
            }
        ],
        "code": {
            "coding": [{"system": "http://loinc.org", "code": code, "display": display}],
            "text": chinese,
        },
        "subject": {"reference": subject},
        "effectiveDateTime": moment,
        "issued": moment,
        "valueQuantity": {
            "value": round(rng.uniform(low, high), 1) + 0.05,
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
        "referenceRange": [
            {"low": {"value": low + 0.5, "unit": unit}, "high": {"value": high - 0.5, "unit": unit}}
        ],
    }
    made["valueQuantity"]["value"] = float(f"{made['valueQuantity']['value']:.2f}")
    missing = _SIZE - len(orjson.dumps(made)) - len(b',"note":[{"text":""}]')
    words = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz ") for _ in range(max(missing, 1)))
    made["note"] = [{"text": words.strip() or "x"}]
    return made


def bundle(resources: Sequence[dict[str, Any]]) -> bytes:
    """A transaction that creates them."""
    entries = [{"resource": r, "request": {"method": "POST", "url": r["resourceType"]}} for r in resources]
    return orjson.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def bundles(subjects: Sequence[str], count: int, *, size: int = 100, seed: int = 1) -> Iterator[bytes]:
    """``count`` transactions, each with ``size`` Observations of one patient."""
    rng = random.Random(seed)
    made = [_template(observation(rng, _SUBJECT)) for _ in range(min(count * size, _DIFFERENT))]
    for _ in range(count):
        subject = rng.choice(subjects).encode()
        entries = [
            b'{"resource":%s%015d%s%s%s,"request":{"method":"POST","url":"Observation"}}'
            % (before, rng.getrandbits(48), between, subject, after)
            for before, between, after in rng.sample(made, size)
        ]
        yield b'{"resourceType":"Bundle","type":"transaction","entry":[%s]}' % b",".join(entries)


def _template(made: dict[str, Any]) -> tuple[bytes, bytes, bytes]:
    """The JSON before its identifier's value, from there to its subject, and after that."""
    text = orjson.dumps(made)
    before, rest = text.split(made["identifier"][0]["value"].encode(), 1)
    between, after = rest.split(_SUBJECT.encode(), 1)
    return before, between, after
