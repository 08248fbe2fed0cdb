"""Findings as cards: known again by a keyed hash, in the reader's language, and as CDS Hooks 2.0 writes them.

https://cds-hooks.hl7.org/2.0/#card-attributes
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language

from xinglin.reminders import knowledge, rulebook
from xinglin.reminders.values import Both, Card, Hook

if TYPE_CHECKING:
    from datetime import date

    from xinglin.kernel.actor import Actor
    from xinglin.reminders.values import Finding, Suggestion

_RULES = Both("规则依据", "About this rule")
_BASIS = Both("依据：", "Basis: ")
_TOPICS = "urn:xinglin:codes:reminder-topic"


@lru_cache(maxsize=4)
def _key(secret: str) -> bytes:
    return sha256(b"reminders\0" + secret.encode()).digest()


def _hash(*parts: str) -> UUID:
    text = "\0".join(parts).encode()
    return UUID(bytes=blake2b(text, key=_key(settings.SECRET_KEY), digest_size=16).digest(), version=4)


def place_of(actor: Actor, encounter: str, today: date) -> str:
    """Within what a card is the same card: an encounter, else a day of one reader."""
    own = encounter or f"{today.isoformat()}/{actor.id}"
    return f"{actor.institution or ''}/{own}"


def card(finding: Finding, patient: str, place: str, hook: Hook, base: str) -> Card:
    """The finding as a card in the language that is on; ``base`` is the address of the platform."""
    rule, language = rulebook.shipped().rules[finding.rule], get_language() or "zh-hans"
    uuid = _hash(patient, place, rule.id, str(rule.version), finding.key)
    detail = finding.detail.said(language)
    if finding.basis is not None:
        detail = f"{detail}\n\n{_BASIS.said(language)}{finding.basis.said(language)}"
    about = reverse("reminders:rule", args=[rule.id])
    return Card(
        uuid=uuid, rule=rule.id, version=rule.version, indicator=finding.indicator,
        summary=finding.summary.said(language), detail=detail, source=rule.source, source_url=rule.source_url,
        topic=(rule.topic, rulebook.TOPICS[rule.topic].said(language)), about=finding.about,
        links=((f"{_RULES.said(language)}（{rule.title.said(language)} v{rule.version}）"
                if language.startswith("zh") else f"{_RULES.en} ({rule.title.en} v{rule.version})", f"{base}{about}"),),
        suggestions=tuple(
            (_hash(str(uuid), str(number)), one.label.said(language), one)
            for number, one in enumerate(finding.suggestions)
        ),
        reasons=tuple((one.code, one.words.said(language)) for one in rule.reasons), key=finding.key,
        hook=str(hook),
    )  # fmt: skip


def as_json(shown: Card) -> dict[str, Any]:
    """A card as CDS Hooks 2.0 writes it; what is empty is left out."""
    language = get_language() or "zh-hans"
    source: dict[str, Any] = {"label": shown.source}
    if shown.source_url:
        source["url"] = shown.source_url
    source["topic"] = {"system": _TOPICS, "code": shown.topic[0], "display": shown.topic[1]}
    made: dict[str, Any] = {
        "uuid": str(shown.uuid), "summary": shown.summary, "detail": shown.detail, "indicator": str(shown.indicator),
        "source": source,
        "links": [{"label": label, "url": url, "type": "absolute"} for label, url in shown.links],
        "overrideReasons": [
            {"code": code, "system": knowledge.shipped().reasons["system"], "display": words}
            for code, words in shown.reasons
        ],
        "extension": {
            "cn.xinglin.rule": {"id": shown.rule, "version": shown.version, "interrupts": shown.interrupts},
        },
    }  # fmt: skip
    if shown.suggestions:
        made["suggestions"] = [
            {"label": label, "uuid": str(uuid), "actions": [_action(one, language)]}
            for uuid, label, one in shown.suggestions
        ]
        made["selectionBehavior"] = "any"
    return made


def _action(one: Suggestion, language: str) -> dict[str, Any]:
    made: dict[str, Any] = {"type": one.type, "description": one.description.said(language)}
    if one.resource is not None:
        made["resource"] = dict(one.resource)
    if one.resource_id is not None:
        made["resourceId"] = one.resource_id
    return made
