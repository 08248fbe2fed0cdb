"""What is remembered: sources, terms and names, facts in versions, changes; entries of Zhuang and Yao medicine."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Source(models.Model):
    """Where facts are from: a standard, a book, a table."""

    id = models.CharField(max_length=40, primary_key=True)
    title = models.CharField(max_length=300)
    english = models.CharField(max_length=300, blank=True, default="")
    basis = models.CharField(max_length=20)
    year = models.IntegerField(null=True)
    licence = models.CharField(max_length=200, blank=True, default="")
    via = models.CharField(max_length=400, blank=True, default="")
    origin = models.CharField(max_length=10, default="content")

    def __str__(self) -> str:
        return self.title


class Term(models.Model):
    """A thing that facts are about. ``id`` is stable; that of a herb is its code in prescriptions."""

    id = models.CharField(max_length=20, primary_key=True)
    kind = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    english = models.CharField(max_length=300, blank=True, default="")
    pinyin = models.CharField(max_length=300, blank=True, default="")
    retired = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "id"], name="knowledge_term_kind")]

    def __str__(self) -> str:
        return self.name


class Name(models.Model):
    """A name under which a term is found. ``unclear``: it means other terms as well. Made from facts, not edited."""

    term = models.ForeignKey(Term, models.CASCADE, related_name="names")
    text = models.CharField(max_length=200)
    initials = models.CharField(max_length=60, blank=True, default="")
    spelt = models.CharField(max_length=400, blank=True, default="")
    alias = models.BooleanField()
    unclear = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["text"], name="knowledge_name_text")]

    def __str__(self) -> str:
        return self.text


class Change(models.Model):
    """A change that somebody proposes: a fact that is new, corrected, confirmed, disputed or withdrawn."""

    act = models.CharField(max_length=10)
    fact = models.ForeignKey("Fact", models.PROTECT, null=True, related_name="changes")
    term = models.ForeignKey(Term, models.PROTECT, related_name="changes")
    predicate = models.CharField(max_length=30)
    object = models.ForeignKey(Term, models.PROTECT, null=True, related_name="+")
    value = models.CharField(max_length=200, blank=True, default="")
    data = models.JSONField(default=dict)
    source = models.ForeignKey(Source, models.PROTECT, related_name="+")
    locator = models.CharField(max_length=200, blank=True, default="")
    basis = models.CharField(max_length=20)
    confidence = models.CharField(max_length=10)
    reason = models.CharField(max_length=500)
    batch = models.CharField(max_length=32, blank=True, default="")  # of those proposed and decided together
    progress = models.CharField(max_length=12, default="waiting")
    proposer = models.CharField(max_length=80)
    proposer_name = models.CharField(max_length=120)
    proposed = models.DateTimeField()
    reviewer = models.CharField(max_length=80, blank=True, default="")
    reviewer_name = models.CharField(max_length=120, blank=True, default="")
    reviewed = models.DateTimeField(null=True)
    remark = models.CharField(max_length=500, blank=True, default="")
    publisher_name = models.CharField(max_length=120, blank=True, default="")
    published = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(reviewer=models.F("proposer")),
                name="knowledge_change_reviewed_by_another",
            ),
            models.UniqueConstraint(
                fields=["fact"],
                condition=models.Q(progress__in=["waiting", "agreed"]),
                name="knowledge_one_open_change_of_a_fact",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.term_id} {self.predicate}"


class Fact(models.Model):
    """One thing that is said of a term, in one of its versions. All versions of a fact have the same ``line``."""

    line = models.CharField(max_length=32)
    version = models.IntegerField(default=1)
    current = models.BooleanField(default=True)
    term = models.ForeignKey(Term, models.CASCADE, related_name="facts")
    predicate = models.CharField(max_length=30)
    object = models.ForeignKey(Term, models.CASCADE, null=True, related_name="pointing")
    value = models.CharField(max_length=200, blank=True, default="")
    data = models.JSONField(default=dict)
    source = models.ForeignKey(Source, models.PROTECT, related_name="facts")
    locator = models.CharField(max_length=200, blank=True, default="")
    basis = models.CharField(max_length=20)
    confidence = models.CharField(max_length=10)
    state = models.CharField(max_length=12, default="unreviewed")
    since = models.DateTimeField()
    change = models.ForeignKey(Change, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line", "version"], name="knowledge_fact_version"),
            models.UniqueConstraint(
                fields=["line"], condition=models.Q(current=True), name="knowledge_fact_one_current"
            ),
            models.CheckConstraint(condition=~models.Q(basis=""), name="knowledge_fact_has_a_basis"),
            models.CheckConstraint(condition=~models.Q(state=""), name="knowledge_fact_has_a_state"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["term", "predicate"], name="knowledge_fact_term", condition=models.Q(current=True)
            ),
            models.Index(
                fields=["object", "predicate"], name="knowledge_fact_object", condition=models.Q(current=True)
            ),
            models.Index(
                fields=["predicate"], name="knowledge_fact_predicate", condition=models.Q(current=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.term_id} {self.predicate} {self.object_id or self.value}"


class Release(models.Model):
    """Content that was loaded: its digest, so that it is not loaded again."""

    digest = models.CharField(max_length=64, primary_key=True)
    version = models.CharField(max_length=20)
    loaded = models.DateTimeField()

    def __str__(self) -> str:
        return self.version


class Entry(models.Model):
    """A term, diagnosis or technique of Zhuang or Yao medicine; its source is never empty."""

    tradition = models.CharField(max_length=10)
    code = models.CharField(max_length=40)
    part = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    native = models.CharField(max_length=120, blank=True, default="")
    english = models.CharField(max_length=200, blank=True, default="")
    aliases = models.CharField(max_length=300, blank=True, default="")
    western = models.CharField(max_length=200, blank=True, default="")
    broader = models.CharField(max_length=40, blank=True, default="")
    source = models.CharField(max_length=400)
    basis = models.CharField(max_length=20)
    confidence = models.CharField(max_length=10)
    state = models.CharField(max_length=12, default="unreviewed")
    origin = models.CharField(max_length=10, default="content")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tradition", "code"], name="knowledge_entry_code"),
            models.CheckConstraint(condition=~models.Q(source=""), name="knowledge_entry_has_a_source"),
            models.CheckConstraint(condition=~models.Q(basis=""), name="knowledge_entry_has_a_basis"),
        ]

    def __str__(self) -> str:
        return self.name


class Witness(models.Model):
    """Somebody who has checked an entry against a source; two of them verify it."""

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="witnesses")
    actor = models.CharField(max_length=80)
    actor_name = models.CharField(max_length=120)
    source = models.CharField(max_length=400)
    basis = models.CharField(max_length=20)
    moment = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["entry", "actor"], name="knowledge_witness_once"),
            models.CheckConstraint(condition=~models.Q(source=""), name="knowledge_witness_has_a_source"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.actor_name}"
