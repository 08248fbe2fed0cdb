"""What the doors know of HL7 v2: the handler that opens messages and makes FHIR of them.

A message is read once and remembered for a moment, since it is looked at for its envelope, for its mapping and for its
answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_noop

from xinglin.exchange.doors import ERROR, WARNING, Door, Envelope, Reason, Translated
from xinglin.exchange.hl7v2 import acknowledgements, mending, messages, nulls, paths, structures
from xinglin.exchange.hl7v2.acknowledgements import Outcome
from xinglin.exchange.mapping import holding, language
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault, Issue, Kind

if TYPE_CHECKING:
    from xinglin.exchange.doors import Sender
    from xinglin.exchange.hl7v2.messages import Message, Segment
    from xinglin.exchange.hl7v2.structures import Group
    from xinglin.exchange.mapping.language import Mapping_
    from xinglin.exchange.receipts import Delivery, Receipt

_REMEMBERED = 64
_LARGEST_REMEMBERED = 64 * 1024
_TYPES = ("PI", "MR", "PT")
_MOMENT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(?:(\d{2})(?:\.\d+)?)?)?([+-]\d{4})?")
_CHINA = timezone(timedelta(hours=8))
DIALECTS = {paths.Dialect.name: paths.Dialect()}
_MAPPINGS = Path(__file__).parent / "data" / "mappings"


@dataclass(frozen=True, slots=True)
class Opened:
    """A message, its groups, and what is odd about it so far."""

    message: Message
    root: Group
    reasons: tuple[Reason, ...]


def read(body: bytes, charset: str = "") -> Opened:
    """A message in its structure; raises ``messages.Broken``. Nobody changes what is given."""
    return _read(body, charset) if len(body) > _LARGEST_REMEMBERED else _remembered(body, charset)


def _read(body: bytes, charset: str) -> Opened:
    message = messages.read(body, charset)
    structure = structures.structures().get(message.kind)
    root, found = structures.assemble(message, structure)
    reasons = [*message.reasons, *found, *_in_header(message)]
    if structure is not None:
        reasons += mending.mend(root)
        if not structure.several:
            reasons += _one_patient(root)
    return Opened(message, root, tuple(reasons))


_remembered = lru_cache(maxsize=_REMEMBERED)(_read)


def _in_header(message: Message) -> list[Reason]:
    """What the header must say."""
    said = gettext_noop("%(segment)s is missing.")
    return [
        Reason(
            WARNING if number == 12 else ERROR,
            "required",
            f"MSH-{number}",
            said,
            {"segment": f"MSH-{number}"},
        )
        for number in (9, 10, 12)
        if not message.header.text(number)
    ]


def _one_patient(root: Group) -> list[Reason]:
    """Two patients in a message of one would be mixed up."""
    known = {own_number(segment) for segment in root.find("PID")} - {""}
    if len(known) < 2:
        return []
    said = gettext_noop("The message tells of more than one patient; send one for each.")
    return [Reason(ERROR, "structure", "PID[2]", said)]


def own_number(pid: Segment) -> str:
    """The sender's own number of the patient, as ``data/mappings/patient.toml`` has it."""
    found = paths.fields(pid, 3)
    for wanted in _TYPES:
        for part in found:
            if (kind := part.inner(5)) is not None and kind.text == wanted and (number := part.inner(1)):
                return number.text
    return (found[0].text if found else "") or pid.text(2)


def unsupported(message: Message, sender: Sender) -> Reason | None:
    """Why no message of this kind is taken from this sender; None where there is a mapping for it."""
    if mapping_for(message.kind, sender) is not None:
        return None
    code, event = message.header.text(9), message.header.text(9, 2)
    place = "MSH-9.2" if any(kind.startswith(f"{code}^") for kind in shipped()) else "MSH-9"
    if not code:
        return Reason(
            ERROR, "required", "MSH-9", gettext_noop("%(segment)s is missing."), {"segment": "MSH-9"}
        )
    said = gettext_noop("Messages of the kind %(kind)s are not taken here.")
    return Reason(ERROR, "not-supported", place, said, {"kind": f"{code}^{event}" if event else code})


def mapping_for(kind: str, sender: Sender) -> Mapping_ | None:
    """The mapping in force for messages of that kind: the sender's own version, else the shipped one."""
    own = holding.text_in_force(Door.HL7V2, kind, sender)
    return shipped().get(kind) if own is None else _compiled(own)


@lru_cache(maxsize=64)
def _compiled(text: str) -> Mapping_:
    return language.read(text, DIALECTS, library())


@cache
def library() -> dict[str, str]:
    """The texts of the shipped mappings, by their ids."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(_MAPPINGS.glob("*.toml"))]
    return {language.about(text).id: text for text in texts}


@cache
def shipped() -> dict[str, Mapping_]:
    """The shipped mappings, by kind of message."""
    found = {}
    for text in library().values():
        kinds = language.about(text).kinds
        if kinds:
            mapping = language.read(text, DIALECTS, library())
            found.update(dict.fromkeys(kinds, mapping))
    return found


def moment(text: str) -> datetime | None:
    """A time stamp of the standard; one without a zone is China's time."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    offset = _CHINA
    if zone:
        minutes = int(zone[1:3]) * 60 + int(zone[3:])
        if minutes >= 24 * 60:
            return None
        offset = timezone((-1 if zone[0] == "-" else 1) * timedelta(minutes=minutes))
    try:
        return datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=offset
        )
    except ValueError:
        return None


class Handler:
    """The contract of ``exchange.doors``."""

    def open(self, body: bytes, media: str, sender: Sender) -> Envelope:
        del media
        try:
            opened = read(body, sender.charset)
        except messages.Broken as broken:
            raise Fault(Kind.INVALID, [_issue(reason) for reason in broken.reasons]) from None
        message = opened.message
        found = next(iter(paths.segments(opened.root, "PID")), None)
        patient = own_number(found) if found is not None else ""
        sent = moment(_happened(message)) or moment(message.header.text(7))
        return Envelope(message.kind, message.control, patient, sent)

    def translate(self, body: bytes, media: str, sender: Sender) -> Translated:
        del media
        try:
            opened = read(body, sender.charset)
        except messages.Broken as broken:
            return Translated(reasons=tuple(broken.reasons))
        if reason := unsupported(opened.message, sender):
            return Translated(reasons=(*opened.reasons, reason))
        mapping = mapping_for(opened.message.kind, sender)
        assert mapping is not None
        roots = _roots(opened)
        parts = [mapping.run(root, sender=sender) for root in roots]
        for root, part in zip(roots, parts, strict=True):
            nulls.take_away(opened.message, root, part.resources)
        return _placed(_together(opened.reasons, parts))

    def answer(self, delivery: Delivery, receipt: Receipt, accept: str) -> tuple[bytes, str] | None:
        """Over HTTP: the acknowledgement, where it is asked for. What is only kept so far has a commit accept."""
        if acknowledgements.MEDIA not in accept:
            return None
        outcome = acknowledgements.OUTCOMES[receipt.state]
        said = acknowledgements.Answer(clock.now(), receipt.reasons, receipt.number)
        try:
            message = read(delivery.body, delivery.sender.charset).message
        except messages.Broken as broken:
            body = acknowledgements.write(broken.header, "AE", said, broken.codec)
        else:
            code = "CA" if outcome == Outcome.KEPT else acknowledgements.APPLICATION_CODES[outcome]
            body = acknowledgements.write(message.header, code, said, message.codec)
        return body, acknowledgements.MEDIA


def _happened(message: Message) -> str:
    """When what the message tells of was recorded."""
    event = message.first("EVN")
    return event.text(2) if event is not None else ""


def _issue(reason: Reason) -> Issue:
    return Issue(reason.code, reason.text, reason.params, reason.place)


def _roots(opened: Opened) -> list[Group]:
    """The message, or each part of it that tells of a patient by itself."""
    structure = structures.structures().get(opened.message.kind)
    parts = opened.root.groups.get(structure.several, []) if structure is not None else []
    return parts if len(parts) > 1 else [opened.root]


def _together(reasons: tuple[Reason, ...], parts: list[Translated]) -> Translated:
    if len(parts) == 1:
        part = parts[0]
        return Translated(part.resources, part.deletes, (*reasons, *part.reasons), part.links)
    resources: dict[tuple[str, str], dict[str, Any]] = {}
    for part in parts:
        for resource in part.resources:
            key = (resource["resourceType"], resource["id"])
            resources[key] = _joined(resources[key], resource) if key in resources else resource
    return Translated(
        tuple(resources.values()),
        tuple(pair for part in parts for pair in part.deletes),
        (*reasons, *(reason for part in parts for reason in part.reasons)),
        tuple(pair for part in parts for pair in part.links),
    )


_CONDITION = re.compile(r"\[\?[^\]]*\]")
_AROUND = re.compile(r"(?P<around>.*): (?P<path>.*)")
_SEGMENT = re.compile(r"(?P<name>[A-Z][A-Z0-9]{2})(?P<index>\[\d+\])?")


def _placed(told: Translated) -> Translated:
    """What is missing is named as if it were there: ``OBX[2]: OBX-5`` is OBX[2]-5."""
    reasons: list[Reason] = []
    for reason in told.reasons:
        placed = replace(reason, place=_place(reason.place))
        if placed not in reasons:
            reasons.append(placed)
    return replace(told, reasons=tuple(reasons)) if reasons else told


def _place(place: str) -> str:
    place = _CONDITION.sub("", place)
    found = _AROUND.fullmatch(place)
    if found is None:
        return place
    around, path = found["around"], found["path"]
    if path.startswith("."):
        return around + path
    segment = _SEGMENT.match(around)
    if segment is not None and segment["index"] and path.startswith(f"{segment['name']}-"):
        return segment[0] + path[3:]
    return path


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """What two parts of a message say of one thing: an appointment with both patients."""
    joined = {**other, **one}
    for name, value in other.items():
        if isinstance(value, list) and isinstance(joined[name], list):
            joined[name] = [*joined[name], *(entry for entry in value if entry not in joined[name])]
    return joined
