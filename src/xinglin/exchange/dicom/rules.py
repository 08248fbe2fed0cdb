"""What may come in, and what is said of what may not. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop

from xinglin.exchange.doors import ERROR, WARNING, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xinglin.exchange.dicom.reading import Instance

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
_TITLE = re.compile(r"[\x20-\x5b\x5d-\x7e]{1,16}")


class Status(IntEnum):
    """Of a C-STORE, PS3.4 table B.2-1 and PS3.7 annex C; STOW-RS has the same in its FailureReason."""

    SUCCESS = 0x0000
    NOT_AUTHORISED = 0x0124
    OUT_OF_RESOURCES = 0xA700
    MISMATCH = 0xA900  # the data set is not what the command says, or has not what every class needs
    KEPT = 0xB007  # a warning: stored, but not to be used until somebody puts it right
    NOT_UNDERSTOOD = 0xC000

    @property
    def is_kept(self) -> bool:
        """Whether the sender may let go of the instance."""
        return self in (Status.SUCCESS, Status.KEPT)


@dataclass(frozen=True, slots=True)
class Announced:
    """What a command says of the data set that comes with it; empty where nothing was said."""

    sop_class: str = ""
    uid: str = ""
    study: str = ""


def is_uid(text: str) -> bool:
    """Whether it has the form of a UID (PS3.5 chapter 9); zeros at the beginning of a part are let pass."""
    return len(text) <= 64 and _UID.fullmatch(text) is not None


def is_title(text: str) -> bool:
    """Whether it can be an application entity's title: 1 to 16 signs of ASCII, none of them a backslash."""
    return _TITLE.fullmatch(text) is not None and bool(text.strip())


def judge(instance: Instance, announced: Announced) -> tuple[Reason, ...]:
    """What is wrong with an instance that could be read, what is imperfect after what is wrong."""
    reasons = [
        reason
        for place, value in (
            ("(0008,0016) SOPClassUID", instance.sop_class),
            ("(0008,0018) SOPInstanceUID", instance.uid),
            ("(0020,000D) StudyInstanceUID", instance.study),
            ("(0020,000E) SeriesInstanceUID", instance.series),
            ("(0002,0010) TransferSyntaxUID", instance.syntax),
        )
        if (reason := _uid(place, value)) is not None
    ]
    for place, value, wanted in (
        ("(0008,0016) SOPClassUID", instance.sop_class, announced.sop_class),
        ("(0008,0018) SOPInstanceUID", instance.uid, announced.uid),
        ("(0020,000D) StudyInstanceUID", instance.study, announced.study),
    ):
        if wanted and value and wanted != value:
            reasons.append(
                Reason(
                    ERROR,
                    "invariant",
                    place,
                    gettext_noop("The data set says %(found)s, but it was announced as %(wanted)s."),
                    {"found": value, "wanted": wanted},
                )
            )
    if not instance.patient:
        reasons.append(
            Reason(
                ERROR,
                "required",
                "(0010,0020) PatientID",
                gettext_noop("The patient has no number: whose images are these?"),
            )
        )
    if not instance.modality:
        reasons.append(
            Reason(WARNING, "required", "(0008,0060) Modality", gettext_noop("The modality is not said."))
        )
    reasons += instance.reasons
    return tuple(sorted(reasons, key=lambda reason: reason.severity != ERROR))


def status_of(reasons: Sequence[Reason]) -> Status:
    """What the sender is told of an instance with these reasons."""
    errors = [reason for reason in reasons if reason.severity == ERROR]
    if not errors:
        return Status.SUCCESS
    if any(reason.code == "structure" for reason in errors):
        return Status.NOT_UNDERSTOOD
    by_the_name = ("(0008,0016)", "(0008,0018)", "(0020,000D)", "(0020,000E)", "(0002,0010)")
    if any(reason.place.startswith(by_the_name) for reason in errors):
        return Status.MISMATCH
    return Status.KEPT


def _uid(place: str, value: str) -> Reason | None:
    if not value:
        return Reason(ERROR, "required", place, gettext_noop("The UID is missing."))
    if not is_uid(value):
        return Reason(
            ERROR, "value", place, gettext_noop("%(found)s is no UID: figures with points between, at most 64 signs."),
            {"found": value[:80]},
        )  # fmt: skip
    return None
