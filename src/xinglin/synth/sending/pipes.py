"""An outing as a hospital's HL7 v2 interfaces send it: ADT, ORU^R01 for each report, RDE for the prescription."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Any

from xinglin.exchange.hl7v2 import separators
from xinglin.exchange.hl7v2.acknowledgements import MEDIA
from xinglin.exchange.hl7v2.messages import Message, Segment
from xinglin.synth.identifiers import ID_SYSTEM
from xinglin.synth.sending import outings
from xinglin.synth.sending.drafts import Draft
from xinglin.synth.vocabulary import ATC, ICD10_CN, LOINC

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xinglin.synth.sending.outings import Outing

APPLICATION = "XCHIS"  # MSH-3
_VERSION = "2.5.1"
_CHARSETS = {"utf-8": "UNICODE UTF-8"}  # systems that write GBK say nothing
_SYSTEMS = {LOINC: "LN", ICD10_CN: "I10", ATC: "ATC"}
_CLASSES = {"AMB": "O", "HH": "O", "EMER": "E", "IMP": "I"}
_SEXES = {"male": "M", "female": "F"}
_TIMES = {1: "QD", 2: "BID", 3: "TID", 4: "QID"}
_ADMITTED, _DISCHARGED = "admitted", "discharged"


def make(outing: Outing) -> list[Draft]:
    """The messages of an outing, in the order in which they are sent."""
    writing = _Writing(outing)
    if outing.stage == _DISCHARGED:
        return [writing.adt("A03")]
    made = [writing.adt("A01" if outing.stage == _ADMITTED else "A04")]
    made += [writing.report(number, one) for number, one in enumerate(outing.of("DiagnosticReport"), 1)]
    if outing.of("MedicationRequest"):
        made.append(writing.prescription())
    if outing.stage != _ADMITTED:
        made.append(writing.adt("A08"))
    return made


class _Writing:
    """The messages of one outing while they are written."""

    def __init__(self, outing: Outing) -> None:
        self.outing = outing
        self._known = outings.by_id(outing.resources)
        self._count = 0
        self._doctor = _doctor(outing)
        self._now = _moment(outing.moment.isoformat())

    def adt(self, event: str) -> Draft:
        """A04 and A01 tell that somebody came, A08 what was found, A03 that somebody left."""
        lines = [
            self._line("EVN", f1=event, f2=self._now), self._pid(), self._pv1(event),
        ]  # fmt: skip
        complaint = self.outing.encounter.get("reasonCode")
        if complaint:
            lines.append(self._line("PV2", f3=["", complaint[0]["text"]]))
        found = [self._measured(number, *one) for number, one in enumerate(self._measures(), 1)]
        diagnoses = [self._dg1(n, one) for n, one in enumerate(self.outing.of("Condition"), 1)]
        if event == "A08":
            lines += found + diagnoses
        elif event == "A03":
            lines += diagnoses + found
        return self._message("ADT", event, "ADT_A03" if event == "A03" else "ADT_A01", lines)

    def report(self, number: int, report: dict[str, Any]) -> Draft:
        """ORU^R01: a laboratory report with its results, or an image's findings and conclusion."""
        order, own = f"{self.outing.visit}-O{number}", f"{self.outing.visit}-R{number}"
        laboratory = bool(report.get("result"))
        when = _moment(report["effectiveDateTime"])
        code = [*_first(report["code"]), "" if laboratory else "L"] if report["code"].get("coding") else None
        lines = [
            self._pid(), self._pv1("R01"), self._line("ORC", f1="RE", f2=order, f3=own),
            self._line(
                "OBR", f1="1", f2=order, f3=own, f4=code or [f"P{number}", report["code"]["text"], "L"], f7=when,
                f16=self._doctor, f22=self._now,
                f24="LAB" if laboratory else "RAD", f25="F",
            ),
        ]  # fmt: skip
        results = [self._known[one["reference"]] for one in report.get("result", ())]
        lines += [self._result(place, one) for place, one in enumerate(results, 1)]
        if not laboratory:
            seen = b64decode(report["presentedForm"][0]["data"]).decode()
            for place, item in enumerate((["18782-3", "检查所见", "LN"], ["19005-8", "检查结论", "LN"]), 1):
                text = seen if place == 1 else report["conclusion"]
                lines.append(self._line("OBX", f1=str(place), f2="TX", f3=item, f5=text, f11="F"))
        return self._message("ORU", "R01", "ORU_R01", lines)

    def prescription(self) -> Draft:
        """RDE^O11: a line for each medicine."""
        own = f"{self.outing.visit}-RX"
        lines = [self._pid(), self._pv1("O11")]
        for number, one in enumerate(self.outing.of("MedicationRequest"), 1):
            dosage = one["dosageInstruction"][0]
            dose = dosage.get("doseAndRate", [{}])[0].get("doseQuantity", {})
            drug = one["medicationCodeableConcept"]
            often = _TIMES.get(dosage.get("timing", {}).get("repeat", {}).get("frequency", 0), "")
            code = drug["coding"][0]
            lines += [
                self._line(
                    "ORC", f1="NW", f2=f"{own}-{number}", f4=own, f9=_moment(one["authoredOn"]), f12=self._doctor,
                ),
                self._line(
                    "RXE", f1=["", often], f2=[code["code"], drug["text"], _SYSTEMS[code["system"]]],
                    f3=_figure(dose.get("value", "")), f5=["", dose.get("unit", "")], f7=["", dosage["text"]], f15=own,
                ),
                self._line("TQ1", f1="1", f3=often, f6=_span(one)),
                self._line("RXR", f1=["", dosage.get("route", {}).get("text", "")]),
            ]  # fmt: skip
        return self._message("RDE", "O11", "RDE_O11", lines)

    # -- segments

    def _message(self, code: str, event: str, structure: str, lines: list[Segment]) -> Draft:
        station = self.outing.station
        self._count += 1
        control = f"{self.outing.visit}{self._count:02d}"
        header = self._line(
            "MSH", f2=APPLICATION, f3=station.facility, f4="XINGLIN", f5="XC", f6=self._now,
            f8=[code, event, structure], f9=control, f10="P", f11=_VERSION, f17=_CHARSETS.get(station.charset, ""),
        )  # fmt: skip
        marks = separators.USUAL
        header.fields = ["MSH", marks.field, marks.encoding, *header.fields[2:]]
        message = Message([header, *lines], marks, station.encoding, [])
        return Draft(f"{code}^{event}", control, bytes(message), MEDIA)

    def _line(self, name: str, **fields: str | list[str]) -> Segment:
        """A segment with its fields by number; a list is a field's components."""
        made = Segment([name], separators.USUAL, "utf-8")
        for number, said in fields.items():
            parts = [said] if isinstance(said, str) else said
            raw = "^".join(separators.write(part) for part in parts).rstrip("^")
            if raw:
                made.put(int(number[1:]), raw)
        return made

    def _pid(self) -> Segment:
        patient, facility = self.outing.patient, self.outing.station.facility
        numbers = [f"{self.outing.record_number}^^^{facility}^PI"]
        numbers += [f"{one['value']}^^^^NI" for one in patient["identifier"] if one["system"] == ID_SYSTEM]
        name = patient["name"][0]
        made = self._line(
            "PID", f1="1", f5=[name.get("family") or name["text"], *name.get("given", ())],
            f7=patient["birthDate"].replace("-", ""), f8=_SEXES.get(patient.get("gender", ""), "U"),
        )  # fmt: skip
        made.put(3, "~".join(numbers))
        for address in patient.get("address", ()):
            rest = address["text"].removeprefix(address["state"]).removeprefix(address["city"])
            made.put(
                11,
                "^".join(
                    map(separators.write, [rest, "", address["city"], address["state"], "", "CHN", "H"])
                ),
            )
        for phone in patient.get("telecom", ()):
            made.put(13, f"{phone['value']}^PRN^CP")
        return made

    def _pv1(self, event: str) -> Segment:
        encounter = self.outing.encounter
        department = encounter["type"][0]
        period = encounter["period"]
        is_over = event in ("A03", "A08")
        return self._line(
            "PV1", f1="1", f2=_CLASSES[encounter["class"]["code"]], f3=[department["text"]], f7=self._doctor,
            f10=[department["coding"][0]["code"], department["text"]], f19=self.outing.visit,
            f36="1" if event == "A03" else "", f44=_moment(period["start"]),
            f45=_moment(period["end"]) if is_over else "",
        )  # fmt: skip

    def _dg1(self, number: int, condition: dict[str, Any]) -> Segment:
        code = condition["code"]["coding"][0]
        name = code.get("display") or condition["code"]["text"]
        return self._line(
            "DG1", f1=str(number), f3=[code["code"], name, _SYSTEMS[code["system"]]], f4=condition["code"]["text"],
            f5=_moment(condition["recordedDate"]), f6="F",
        )  # fmt: skip

    def _measures(self) -> Iterator[tuple[dict[str, Any], dict[str, Any], str]]:
        """What was measured at the bedside: code, quantity and time, blood pressure as two."""
        for one in self.outing.of("Observation"):
            if one["category"][0]["coding"][0]["code"] == "vital-signs":
                for part in one.get("component", [one]):
                    yield part["code"], part["valueQuantity"], one["effectiveDateTime"]

    def _measured(self, number: int, code: dict[str, Any], value: dict[str, Any], when: str) -> Segment:
        return self._line(
            "OBX", f1=str(number), f2="NM", f3=[code["coding"][0]["code"], code["text"], "LN"],
            f5=_figure(value["value"]), f6=value["unit"], f11="F", f14=_moment(when),
        )  # fmt: skip

    def _result(self, number: int, result: dict[str, Any]) -> Segment:
        loinc, local = result["code"]["coding"][:2]
        value, bounds = result["valueQuantity"], result["referenceRange"][0]
        code = [loinc["code"], result["code"]["text"], "LN", local["code"], local["display"], "L"]
        return self._line(
            "OBX", f1=str(number), f2="NM", f3=code,
            f5=_figure(value["value"]), f6=value["unit"], f7=bounds["text"].partition(" ")[0],
            f8=result["interpretation"][0]["coding"][0]["code"], f11="F", f14=_moment(result["effectiveDateTime"]),
        )  # fmt: skip


def _doctor(outing: Outing) -> list[str]:
    who = outing.encounter["participant"][0]["individual"]
    name = who["display"]
    return [who["reference"].rpartition("-")[2].upper(), name[:1], name[1:]]


def _first(concept: dict[str, Any]) -> list[str]:
    code = concept["coding"][0]
    return [code["code"], concept["text"]]


def _span(order: dict[str, Any]) -> list[str]:
    """For how long the medicine is given, in days (CQ)."""
    supply = order["dispenseRequest"]["expectedSupplyDuration"]
    return [_figure(supply["value"]), supply["code"]]


def _moment(text: str) -> str:
    """20261126093000+0800."""
    return text[:19].replace("-", "").replace(":", "").replace("T", "") + "+0800"


def _figure(value: Any) -> str:
    return str(value)
