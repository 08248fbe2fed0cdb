"""What others make of residents: daily work, the audit's rules, the demonstration."""

from __future__ import annotations

from datetime import timedelta

from tests.audit import make as audit
from tests.residents import make
from xinglin.accounts.models import Account
from xinglin.accounts.queries import actor_of
from xinglin.kernel import clock
from xinglin.record import access
from xinglin.record.door import open_as
from xinglin.residents import codes, demonstrating, kiosks, queries


def test_old_codes_and_kiosks_go_and_fresh_ones_stay(region, outbox):
    now = clock.now()
    codes.ask(region, target="old", phone="", address="", now=now - timedelta(days=3))
    fresh = codes.ask(region, target="new", phone="", address="", now=now)
    kiosk, _ = kiosks.wait(region, now=now)

    assert codes.forget(region, now) == 1
    assert kiosks.forget(region, now) == 0
    assert kiosks.forget(region, now + timedelta(hours=1)) == 1

    assert make.rows("code", "id") == [(fresh,)]
    assert kiosk


def test_a_resident_who_reads_the_own_record_raises_no_alert(region):
    lin = make.lin()
    make.given(lin)
    account = Account.objects.get(pk=lin.account)
    for purpose, patient in (("PATRQT", "lin"), ("FAMRQT", "boy")):
        open_as(actor_of(account, purpose=purpose)).read("Patient", patient)
    access.flush()

    audit.find(clock.now())

    assert [alert.rule for alert in audit.alerts()] == []


def test_the_demonstration_has_no_accounts_without_a_family(region):
    demonstrating.open_accounts(region, now=clock.now())

    assert demonstrating.accounts(region) == []
    assert queries.asked(region) == []
