"""After keys were rotated."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from tests import own_keys as own_keys_
from tests.residents import make
from xinglin.crypto.algorithms import Algorithm
from xinglin.kernel import clock
from xinglin.residents import authorities, keys, queries, reminders, resealing
from xinglin.residents.reminders import Wish


@pytest.fixture
def own_keys(_record_database, tmp_path, settings):
    own_keys_.begin(settings, tmp_path / "keys")


def rotate() -> None:
    folder = keys._folder(keys.Path(keys.settings.SETTINGS.keys))
    folder.rotate(keys.FIELDS, Algorithm.AES_256_GCM)
    folder.rotate(keys.SEARCH)


def test_everything_is_sealed_and_found_with_the_current_keys(own_keys, region):
    wang, lin = make.wang(), make.lin()
    number = authorities.ask(region, registration=lin, wish=make.wish(), now=clock.now())
    wish, by = Wish("氨氯地平片", "一日1次", ("08:00",)), make.CLERK
    reminders.remind(region, patient="a", wish=wish, actor=by, now=clock.now())
    rotate()
    assert queries.of_phone(region, make.WANG_PHONE) == wang

    names = ("phones", "names", "files", "reminders")
    expected = dict(zip((f"{name} sealed anew" for name in names), (2, 1, 1, 1), strict=True))
    assert resealing.reseal() == expected
    assert resealing.reseal() == dict.fromkeys(expected, 0)

    found = queries.of_phone(region, make.WANG_PHONE)
    assert found is not None
    assert found.phone.startswith("s1.2.")
    assert queries.phone_of(found) == make.WANG_PHONE
    assert queries.document_of(queries.authority(region, number)) == make.BOY
    assert authorities.file_of(region, number) == ("image/png", make.PNG)


def test_the_command_says_how_many(own_keys, region, capsys):
    make.wang()
    rotate()

    call_command("residents", "reseal")

    assert capsys.readouterr().out.splitlines()[0] == "phones sealed anew: 1"


def test_a_sealed_phone_does_not_open_in_another_row(own_keys, region):
    wang, lin = make.wang(), make.lin()
    region.execute("UPDATE residents_registration SET phone = %s WHERE id = %s", [wang.phone, lin.id])

    moved = queries.of_account(region, lin.account)

    assert moved is not None
    assert queries.phone_of(moved) == ""
