"""``xinglin conformance``: try samples as their door would take them, and print the report."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from django.utils.translation import gettext

from xinglin.exchange.doors import Sender
from xinglin.exchange.onboarding import checking, coding, points, samples, telling, words
from xinglin.fhir.dates import LOCAL_ZONE
from xinglin.kernel import clock
from xinglin.kernel.errors import Fault
from xinglin.record import database

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from xinglin.exchange.onboarding.points import Scheme
    from xinglin.exchange.onboarding.rules import Finding, Report

_LANGUAGES = {"en": "en", "zh": "zh-hans"}


class Command(BaseCommand):
    help = "Try samples of messages as a door would take them; nothing is written. Exit 0 if green, 1 if not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--door", required=True, choices=sorted(samples.NAMES))
        parser.add_argument("files", nargs="+", type=Path, help="files of samples, or folders of such")
        parser.add_argument("--kinds", default=points.ANY, help="key of the set of kinds that is asked for")
        parser.add_argument(
            "--sender", default="sample", help="code of the sender, if it has mappings of its own"
        )
        parser.add_argument("--organization", default="", help="id of its institution in the directory")
        parser.add_argument("--charset", default="", help="where messages do not say it, such as gbk")
        parser.add_argument("--profile", default="", help="its profile")
        parser.add_argument("--language", default="en", choices=sorted(_LANGUAGES))
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        del args
        scheme = points.scheme(settings.SETTINGS.home)
        with translation.override(_LANGUAGES[options["language"]]):
            try:
                report = self._report(scheme, options)
            except (Fault, OSError) as wrong:
                raise CommandError(str(wrong)) from None
            if options["json"]:
                self.stdout.write(json.dumps(telling.told(report), ensure_ascii=False, indent=1))
            else:
                self._print(scheme, report)
        if not report.is_green:
            sys.exit(1)

    @staticmethod
    def _report(scheme: Scheme, options: dict[str, Any]) -> Report:
        door = samples.NAMES[options["door"]]
        sender = Sender(
            0, options["sender"], options["sender"], options["organization"], frozenset({door}), options["charset"],
            options["profile"],
        )  # fmt: skip
        now = clock.now()
        bench = checking.Bench(
            scheme, door, sender, scheme.kinds(options["kinds"], door.value),
            coding.Terminology(database.connection(), now.astimezone(LOCAL_ZONE).date()),
        )  # fmt: skip
        found = [
            one
            for file in _files(options["files"])
            for one in samples.of_file(door, file.name, file.read_bytes())
        ]
        if not found:
            raise CommandError("There is no sample in these files.")
        return checking.check(bench, found, now=now)

    def _print(self, scheme: Scheme, report: Report) -> None:
        levels = {one.key: one.title for one in scheme.levels}
        for number, one in enumerate(report.samples, 1):
            said = gettext("%(errors)s wrong, %(warnings)s doubts") % {
                "errors": one.errors,
                "warnings": one.warnings,
            }
            self.stdout.write(f"{number:>4} {one.name}  {one.kind or '?'}  {said}")
        for aspect, name in words.ASPECTS.items():
            self.stdout.write(f"\n{name}")
            for mark in report.marks:
                if mark.aspect == aspect:
                    share = f"{mark.good}/{mark.looked}" if mark.is_tested else "-"
                    state = gettext("holds") if mark.holds else gettext("does not hold")
                    title = scheme.point(mark.point).title
                    self.stdout.write(
                        f"  {state if mark.is_tested else '-':<5} {share:>9}  {title}  [{levels[mark.level]}]"
                    )
        self.stdout.write("")
        for finding in report.findings:
            self.stdout.write(f"{_place(report, finding)}: {finding.severity}: {telling.words(finding)}")
        reached = levels.get(report.level, "-")
        verdict = gettext("GREEN") if report.is_green else gettext("NOT GREEN")
        self.stdout.write(f"\n{scheme.doors[report.door].title}")
        said = gettext("score %(score)s of 100, level %(level)s: %(verdict)s")
        self.stdout.write(said % {"score": report.score, "level": reached, "verdict": verdict})


def _files(given: list[Path]) -> list[Path]:
    """The files, and those in the folders, in the order of their names."""
    found: list[Path] = []
    for one in given:
        found += sorted(inner for inner in one.iterdir() if inner.is_file()) if one.is_dir() else [one]
    return found


def _place(report: Report, finding: Finding) -> str:
    if finding.sample is None:
        return finding.point
    line = f":{finding.line}" if finding.line else ""
    place = f" {finding.place}" if finding.place else ""
    return f"{report.samples[finding.sample].name}{line}{place}"
