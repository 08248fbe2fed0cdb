"""Own measurements: what is plausible, how they stand in the record, who may keep and take them back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.healthcard import make as cards
from tests.residents import make
from tests.residents.entering import client_of, plain, text
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM
from xinglin.kernel.errors import Fault, Kind
from xinglin.record import access
from xinglin.record.door import open_as
from xinglin.residents import measuring

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
PRESSURE = {"systolic": 128.0, "diastolic": 82.0}


def kept() -> list[dict]:
    page = open_as(SYSTEM).search("Observation", [("_tag", measuring.TAG), ("_count", "50")])
    return [entry.stored.resource for entry in page.entries]


def test_every_kind_is_whole() -> None:
    for kind in measuring.kinds().values():
        assert set(kind.said["zh"]) == set(kind.said["en"]) == {"name", "how", "see"}
        for value in kind.values:
            assert value.least < value.most
            if value.target:
                assert value.least <= value.target[0] < value.target[1] <= value.most
            if value.see:
                assert kind.said["zh"]["see"]
                assert value.target is not None
                assert value.see[0] <= value.target[0] < value.target[1] < value.see[1]


@pytest.mark.parametrize("kind", list(measuring.kinds()))
def test_a_measurement_is_read_back_as_it_was_kept(kind) -> None:
    of = measuring.kind(kind)
    figures = {v.code: round((v.least + v.most) / 2 + i * -20, v.decimals) for i, v in enumerate(of.values)}
    made = measuring.observation(of, figures, patient="a", performer={"display": "x"}, at=NOW)

    (found,) = measuring.measured([{**made, "id": "o"}])

    assert (found.kind, found.figures, found.moment) == (of, figures, "2026-11-20 12:00")


@pytest.mark.parametrize(
    "figures",
    [{"systolic": 49, "diastolic": 30}, {"systolic": 301, "diastolic": 80}, {"systolic": 80, "diastolic": 80}, {}],
)  # fmt: skip
def test_what_nobody_has_is_not_plausible(figures) -> None:
    with pytest.raises(Fault) as caught:
        measuring.require_plausible(measuring.kind("pressure"), figures, NOW, NOW)

    assert caught.value.kind is Kind.INVALID


@pytest.mark.parametrize(
    ("at", "plausible"),
    [
        (NOW, True),
        (NOW - timedelta(days=30), True),
        (NOW - timedelta(days=31), False),
        (NOW + timedelta(minutes=6), False),
    ],
)
def test_a_measurement_is_neither_of_the_future_nor_of_long_ago(at, plausible) -> None:
    def check() -> None:
        measuring.require_plausible(measuring.kind("pressure"), PRESSURE, at, NOW)

    if plausible:
        check()
    else:
        with pytest.raises(Fault):
            check()


@pytest.mark.parametrize(
    ("figure", "flag", "urgent"),
    [(3.8, "low", True), (3.9, "low", False), (4.4, "normal", False), (7.1, "high", False), (16.7, "high", True)],
)  # fmt: skip
def test_a_figure_stands_against_target_and_alarm(figure, flag, urgent) -> None:
    (value,) = measuring.kind("glucose-fasting").values

    assert (value.flag(figure), value.is_urgent(figure)) == (flag, urgent)


def test_a_chart_has_the_target_as_its_band() -> None:
    of = measuring.kind("pressure")
    made = [
        {**measuring.observation(of, PRESSURE, patient="a", performer={}, at=NOW - timedelta(days=d)), "id": f"{d}"}
        for d in (0, 1)
    ]  # fmt: skip

    upper, lower = measuring.charts(of, measuring.measured(made), "en")

    assert (upper[0]["name"], upper[0]["low"], upper[0]["high"]) == ("Systolic (upper)", 90, 135)
    assert [p["value"] for p in lower[0]["points"]] == [82, 82]
    assert measuring.charts(of, measuring.measured(made[:1]), "en") == []


def test_a_resident_measures_and_the_record_says_who(region, outbox) -> None:
    client = client_of(make.wang())

    answer = client.post("/my/measurements/pressure/", {"systolic": "185", "diastolic": "82"})

    assert answer.url == "/my/measurements/pressure/"
    (found,) = kept()
    assert found["meta"]["tag"] == [measuring.REPORTED]
    assert found["performer"] == [{"reference": "Patient/a", "display": "王桂兰"}]
    assert found["subject"] == {"reference": "Patient/a"}
    assert [c["valueQuantity"]["value"] for c in found["component"]] == [185, 82]
    page = plain(client.get("/my/measurements/pressure/"))
    assert "185/82" in page
    assert "立即就诊或拨打 120" in page
    assert "185/82" in plain(client.get("/my/measurements/"))
    assert "185" in plain(client.get("/my/record/a/results/"))  # it is a result like others
    access.flush()


@pytest.mark.parametrize(
    "sent",
    [
        {"systolic": "500", "diastolic": "82"},
        {"systolic": "abc", "diastolic": "82"},
        {"systolic": "70", "diastolic": "82"},
        {"systolic": "128"},
        {"systolic": "128", "diastolic": "82", "moment": "2001-01-01T08:00"},
        {"systolic": "nan", "diastolic": "82"},
    ],
)
def test_what_is_not_plausible_is_not_kept(region, outbox, sent) -> None:
    answer = client_of(make.wang()).post("/my/measurements/pressure/", sent)

    assert answer.status_code == 422
    assert kept() == []


def test_a_mother_measures_for_her_child(region, outbox) -> None:
    lin = make.lin()
    held = make.given(lin)
    client = client_of(lin)
    client.post("/my/family/switch/", {"authority": held.id})

    client.post("/my/measurements/temperature/", {"temperature": "38.2"})

    (found,) = kept()
    assert found["subject"] == {"reference": "Patient/boy"}
    assert found["performer"][0]["reference"].startswith("RelatedPerson/")


def test_what_was_typed_wrongly_is_taken_back_and_stays_as_such(region, outbox) -> None:
    client = client_of(make.wang())
    client.post("/my/measurements/weight/", {"weight": "600"})
    assert kept() == []
    client.post("/my/measurements/weight/", {"weight": "160"})
    (found,) = kept()

    assert (
        client.post("/my/measurements/weight/withdraw/", {"id": found["id"]}).url
        == "/my/measurements/weight/"
    )

    assert [one["status"] for one in kept()] == ["entered-in-error"]
    assert "160.0" not in text(client.get("/my/measurements/weight/"))


@pytest.mark.parametrize("id_", ["o-a", "mine-lin", "nothing"])
def test_nothing_else_can_be_taken_back(region, outbox, id_) -> None:
    made = measuring.observation(
        measuring.kind("weight"), {"weight": 60.0}, patient="lin", performer={"display": "x"}, at=clock.now()
    )
    cards.store({**made, "id": "mine-lin"})
    client = client_of(make.wang())

    assert client.post("/my/measurements/weight/withdraw/", {"id": id_}).status_code == 404

    assert [one["status"] for one in kept()] == ["final"]
    assert open_as(replace(SYSTEM)).read("Observation", "o-a").resource["status"] == "final"


def test_what_is_not_measured_here_is_nowhere(region, outbox) -> None:
    assert client_of(make.wang()).get("/my/measurements/luck/").status_code == 404
