"""Resources made up from the definitions: structurally valid, otherwise as odd as the structure allows."""

from __future__ import annotations

from xinglin.fhir.definitions import RESOURCE_TYPES, structure

DEEPEST = 4
EXTENSIBLE = {"extension", "modifierExtension", "contained", "text"}

PRIMITIVES = {
    "boolean": [True, False],
    "integer": [0, -3, 7],
    "positiveInt": [1, 12],
    "unsignedInt": [0, 5],
    "decimal": [0.0, 1.5, -2e-7, 12],
    "date": ["2024", "2024-02", "2024-02-29"],
    "dateTime": ["2024", "1999-12", "2024-02-29", "2024-02-29T23:59:59+14:00", "2024-02-29T10:00:00.123Z"],
    "instant": ["2024-02-29T23:59:59Z", "2024-02-29T10:00:00.5-03:30"],
    "time": ["10:00:00"],
    "uri": ["urn:oid:1.2.3", "http://a.cn/x/y/", "http://a.cn|1"],
    "url": ["http://a.cn/x", "mailto:a@b.cn"],
    "canonical": ["http://a.cn/P|1.0", "http://a.cn/P", "Questionnaire/1", "#contained"],
    "oid": ["urn:oid:1.2.840"],
    "uuid": ["urn:uuid:aa0b29d0-6916-4fb7-85f0-6e42370dd5fa"],
    "base64Binary": ["YQ=="],
    "xhtml": ['<div xmlns="http://www.w3.org/1999/xhtml">a</div>'],
    "id": ["a", "B-2.c"],
    "code": ["final", "male", "phone", "<", "composed-of"],
    "string": ["欧阳娜娜", "Ünï cödé  text", "x", "long " * 60, " ", "email", "<="],
    "markdown": ["*a*"],
}
REFERENCES = [
    "Patient/1", "Patient/1/_history/2", "Group/g", "Practitioner/p", "#c", "urn:oid:1.2", "Location/l",
    "http://a.cn/fhir/Patient/1", "urn:uuid:aa0b29d0-6916-4fb7-85f0-6e42370dd5fa", "RelatedPerson/r",
]  # fmt: skip


def resource(random, resource_type):
    """A resource of that type with some of what it can have."""
    return {"resourceType": resource_type, **_elements(random, resource_type, 0), "id": "made-up"}


def _elements(random, type_, depth):
    made = {}
    for element in structure(type_).elements.values():
        if element.name in EXTENSIBLE or (not element.min and random.random() > (0.6 if depth < 2 else 0.4)):
            continue
        prop, kind = random.choice(element.properties)
        many = random.randrange(1, 3) if element.many else 1
        values = [value for _ in range(many) if (value := _value(random, kind, depth + 1)) is not None]
        if not values:
            continue
        if element.many and structure(kind).kind == "primitive" and random.random() < 0.2:
            values.append(None)
            made[f"_{prop}"] = [*[None] * (len(values) - 1), {"id": "n"}]
        made[prop] = values if element.many else values[0]
    return made


def _value(random, type_, depth):
    found = structure(type_)
    if found.kind == "primitive":
        return random.choice(PRIMITIVES.get(type_, ["x"]))
    if depth > DEEPEST:
        return None
    if type_ == "Resource":
        return {"resourceType": random.choice(RESOURCE_TYPES), "id": "inline"}
    if type_ == "SampledData":
        return {
            "origin": {"value": 1},
            "period": 1,
            "dimensions": 1,
            "data": random.choice(["1 2.5 E", "U -3"]),
        }
    made = _elements(random, type_, depth)
    if type_ == "Reference" and random.random() < 0.8:
        made["reference"] = random.choice(REFERENCES)
    return made or None
