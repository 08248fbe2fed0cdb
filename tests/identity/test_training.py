"""Learning weights without labels."""

from __future__ import annotations

from datetime import date

import pytest

from xinglin.identity import weights
from xinglin.identity.training import weights_file
from xinglin.identity.training.model import Learned

BASE = (weights.DATA / "weights-1.toml").read_text()
TODAY = date(2026, 11, 25)


def test_a_weights_file_is_written_as_it_was_read():
    nothing = Learned({}, {}, 0, "5")

    text = weights_file.revised(BASE, nothing, version="x", today=TODAY)
    before, after = weights.parse(BASE), weights.parse(text)
    assert (after.levels, after.zones, after.prior) == (before.levels, before.zones, before.prior)
    assert (after.version, after.effective) == ("x", "2026-11-25")
    assert "learned by Splink 5 from 0 Patients, from 2026.1" in after.source


def test_shares_move_halfway_to_what_was_learned_and_groups_are_parted_as_before():
    learned = Learned({"address": {"near place": 0.0045}}, {"sex": {"same": 0.4}}, 10, "5")

    levels = weights_file.tomllib.loads(weights_file.revised(BASE, learned, version="x", today=TODAY))[
        "levels"
    ]
    before = weights_file.tomllib.loads(BASE)["levels"]
    near, place = before["address"]["near"]["m"], before["address"]["place"]["m"]
    expected = (near * (0.0045 * near / (near + place))) ** 0.5
    assert levels["address"]["near"]["m"] == pytest.approx(expected, rel=1e-3)
    assert levels["sex"]["same"]["stranger"] == pytest.approx((0.5 * 0.4) ** 0.5, rel=1e-3)


def test_a_region_trains_weights_and_audits_links(tmp_path):
    pytest.importorskip("splink")
    from io import StringIO

    from django.core.management import call_command

    from xinglin.synth import Plan, output

    output.write_registers(Plan(600, seed=5, years=8), str(tmp_path / "p.ndjson"), dirty=True)
    out = StringIO()
    call_command(
        "identity", "train", "--patients", str(tmp_path / "p.ndjson"), "--out", str(tmp_path / "w.toml"),
        "--name", "mine", "--pairs", "1e5", "--audit", stdout=out,
    )  # fmt: skip

    learned = weights.load(tmp_path / "w.toml")
    assert learned.version == "mine"
    assert learned.zones == weights.current().zones
    assert "links of both" in out.getvalue()
