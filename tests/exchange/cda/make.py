"""Documents of every kind, made by the templates: good ones, and ones with something wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from xinglin.exchange.cda import documents as d
from xinglin.exchange.cda import kinds
from xinglin.exchange.cda.documents import (
    Address,
    Document,
    Medicine,
    Number,
    Participant,
    Patient,
    Replaced,
    Section,
    Signer,
    Statement,
    Unit,
    Value,
)
from xinglin.exchange.doors import Door, Sender

if TYPE_CHECKING:
    from collections.abc import Callable

    from xinglin.exchange.cda.kinds import Element, Kind, Part

SENDER = Sender(1, "h01", "人民医院", doors=frozenset({Door.CDA}))
IDENTITY = "11010519491231002X"  # the example of GB 11643
TIME = "20260102030405"


def code_of(domain: str, place: int = 0) -> tuple[str, str]:
    """A code of a table with its name."""
    table = kinds.table(domain) if domain else None
    if table is None:
        return "1", "正常"
    codes = [pair for pair in table.codes.items() if pair[0][-1].isalnum()]
    return codes[place % len(codes)]


def value(element: Element, place: int = 0) -> Value:
    """A value that fits."""
    kind = element.types[0]
    if kind == "CD":
        code, display = code_of(element.domain, place)
        return Value("CD", code=code, display=display, system=kinds.oid_of(element.domain))
    texts = {
        "PQ": Value("PQ", text="36.5", unit=element.unit),
        "REAL": Value("REAL", text="5.40"),
        "INT": Value("INT", text="3"),
        "MO": Value("MO", text="120.50", unit="CNY"),
        "BL": Value("BL", text="true"),
        "TS": Value("TS", text=TIME),
    }
    return texts.get(kind) or Value("ST", text=f"{element.name}：患者一般情况可<&>")


def statement(element: Element, place: int = 0) -> Statement:
    system = d.ELEMENTS if element.code else ""
    return Statement("observation", element.code, system, element.name, value(element, place))


def medicine() -> Statement:
    """A medicine in the way of a prescription."""
    return Statement(
        "substanceAdministration",
        medicine=Medicine(
            Value("CD", code="C08CA01", display="苯磺酸氨氯地平片"),
            Value("PQ", text="5", unit="mg"),
            Value("PQ", text="1", unit="次/日"),
            Value("CD", code="1", system="2.16.156.10011.2.3.1.158", display="口服"),
            Value("CD", code="01", system="2.16.156.10011.2.3.1.211", display="原料"),
        ),
    )


def section(part: Part, chosen: Callable[[Element], bool] = lambda _: True) -> Section:
    """A section with the elements that are chosen; what stands inside another does so here too."""
    system = d.ELEMENTS if part.code.startswith("DE") else d.LOINC if part.code else ""
    made = Section(part.code, system, part.name)
    inside: dict[str, Statement] = {}
    if part.medication:
        made.statements.append(medicine())
    for element in part.elements:
        if not chosen(element):
            continue
        one = statement(element)
        holder = inside.get(element.under) if element.under else None
        (holder.inside if holder is not None else made.statements).append(one)
        inside[element.code] = one
    return made


def good(kind: Kind) -> Document:
    """A document of the kind with all that its template has."""
    visit = not kind.code.startswith("HSD")
    root = d.OUTPATIENT if d.OUTPATIENT in kind.numbers else d.INPATIENT
    numbers = (
        [Number(d.CASE, "B0001"), Number(root, "V0001")] if visit else [Number(d.FILE, "45010300100100012")]
    )
    if kind.code == "C0007":
        numbers += [Number(d.LABORATORY, "L0001"), Number(d.REQUEST, "S0001"), Number(d.SPECIMEN, "T0001")]
    patient = Patient(
        numbers=numbers,
        identities=[Number(d.IDENTITY, IDENTITY)],
        name="杨某",
        sex=Value("CD", code="2", system=d.SEX, display="女性"),
        birth="19491231",
        marital=Value("CD", code="20", system=d.MARITAL, display="已婚"),
        ethnic=Value("CD", code="08", system=d.ETHNIC, display="壮族"),
        age=Value("PQ", text="76", unit="岁"),
        phone="13800001234",
        address=Address("广西壮族自治区", "南宁市", "青秀区", "建政街道", "民族大道", "1号", "530022"),
    )
    if visit:
        patient.kind = Value("CD", code="1", system=d.PATIENT_KIND, display="门诊")
    made = Document(
        code=kind.code,
        code_system=d.KINDS,
        title=kind.title,
        template=kind.template,
        number=Number(d.NUMBER, f"{kind.code}-1"),
        time=TIME,
        type_id=Number("2.16.840.1.113883.1.3", "POCD_MT000040"),
        patient=patient,
        custodian=Unit(Number(d.INSTITUTION, "49850001X"), "人民医院"),
        signers=[Signer("author", Number(d.AUTHOR, "D001"), "李医师", "", TIME)],
        sections=[section(part) for part in kind.parts],
        set="S1",
        version="2",
    )
    made.institution = Unit(Number(d.INSTITUTION, "49850001X"), "人民医院")
    if visit:
        made.department = Unit(Number(d.DEPARTMENT, "K01"), "内科")
        made.begin, made.end = "20260101080000", "20260102090000"
        made.places = [
            Unit(Number(d.BED, "12")),
            Unit(Number(d.DEPARTMENT, ""), "内科"),
            Unit(Number(d.WARD, "W3"), "三病区"),
        ]
    modes = ["legal", *["professional"] * 9]
    made.signers += [
        Signer(mode, Number(d.STAFF, f"D00{n}"), f"签名{n}", role, TIME)
        for n, (mode, role) in enumerate(zip(modes, kind.signers, strict=False), 2)
    ]
    if not visit:
        made.institution = Unit()
    return made


# -- any document


_LETTERS = st.sampled_from("一二三患者血压正常好转药物：；，。、ABCxyz019 <>&\"'%()/+-")
texts = st.text(_LETTERS, min_size=1, max_size=30).map(lambda t: " ".join(t.split())).filter(bool)
_numbers = st.from_regex(r"[A-Z0-9]{1,12}", fullmatch=True)
figures = st.one_of(
    st.integers(-9999, 99999).map(str),
    st.decimals(-999, 9999, places=2, allow_nan=False, allow_infinity=False).map(lambda n: f"{n:.2f}"),
).filter(lambda t: t not in ("-0.00", "-0"))
times = st.datetimes(
    min_value=__import__("datetime").datetime(1930, 1, 1),
    max_value=__import__("datetime").datetime(2030, 1, 1),
).map(lambda t: t.strftime("%Y%m%d%H%M%S"))
moments = st.one_of(times, times.map(lambda t: t[:8]))


@st.composite
def values(draw: Any, element: Element) -> Value:
    """A value of one of the element's types."""
    kind = draw(st.sampled_from(element.types))
    if kind == "CD":
        code, display = code_of(element.domain, draw(st.integers(0, 50)))
        return Value("CD", code=code, display=display, system=kinds.oid_of(element.domain))
    if kind == "BL":
        return Value("BL", text=draw(st.sampled_from(("true", "false"))))
    if kind == "TS":
        return Value("TS", text=draw(moments))
    if kind == "INT":
        return Value("INT", text=str(draw(st.integers(-1000, 100000))))
    if kind in ("PQ", "REAL", "MO"):
        unit = {"PQ": element.unit or "mg", "MO": "CNY"}.get(kind, "")
        return Value(kind, text=draw(figures), unit=unit)
    return Value("ST", text=draw(texts))


@st.composite
def statements(draw: Any, element: Element) -> Statement:
    made = replace(statement(element), value=draw(values(element)))
    if draw(st.booleans()):
        made.at = draw(moments)
    elif draw(st.booleans()):
        made.low, made.high = draw(times), draw(times)
    if draw(st.booleans()):
        made.performer = draw(texts)
    return made


@st.composite
def sections(draw: Any, part: Part) -> Section:
    made = section(part, lambda _: False)
    if part.medication and draw(st.booleans()):
        made.statements = []
    chosen = draw(st.lists(st.sampled_from(part.elements), max_size=6)) if part.elements else []
    for element in chosen:
        one = draw(statements(element))
        holders = [h for h in made.statements if h.kind != "organizer"]
        if holders and draw(st.booleans()):
            draw(st.sampled_from(holders)).inside.append(one)
        elif draw(st.integers(0, 4)) == 0:
            made.statements.append(Statement("organizer", inside=[one]))
        else:
            made.statements.append(one)
    if draw(st.booleans()):
        made.text = "\n".join(draw(st.lists(texts, min_size=1, max_size=3)))
    return made


@st.composite
def documents(draw: Any, kind: Kind) -> Document:
    """Any document of a kind."""
    made = good(kind)
    patient = made.patient
    patient.name, patient.phone = draw(texts), draw(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
    patient.birth = draw(times)[:8]
    patient.sex = draw(
        st.sampled_from(
            (
                Value("CD", code="1", system=d.SEX, display="男性"),
                Value("CD", code="2", system=d.SEX, display="女性"),
            )
        )
    )
    patient.address = Address(*(draw(st.one_of(st.just(""), texts)) for _ in range(6)))
    patient.age = Value("PQ", text=str(draw(st.integers(0, 120))), unit="岁")
    made.time, made.title = draw(times), draw(texts)
    made.confidentiality = draw(st.sampled_from("NRV"))
    made.number = Number(d.NUMBER, draw(_numbers))
    made.signers[0] = Signer("author", Number(d.AUTHOR, draw(_numbers)), draw(texts), "", draw(times))
    if draw(st.booleans()):
        made.signers.append(Signer("professional", Number(), draw(texts), draw(texts), draw(times)))
    if draw(st.booleans()):
        made.replaces = [Replaced(Number(d.NUMBER, draw(_numbers)))]
    if draw(st.booleans()):
        department = Unit(Number(d.DEPARTMENT, draw(_numbers)), draw(texts))
        made.participants = [
            Participant("PRF", draw(texts), "", department, Unit(Number(d.INSTITUTION, "X1"), "某院"))
        ]
    parts = [part for part in kind.parts if part.required or draw(st.booleans())]
    made.sections = [draw(sections(part)) for part in parts]
    return made
