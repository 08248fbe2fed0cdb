from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.signing.make import root
from xinglin.accounts.models import Account
from xinglin.crypto.algorithms import Algorithm
from xinglin.signing import certificates, queries
from xinglin.signing.authority import make_list

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from xinglin.record.database import Connection


@pytest.fixture
def account(region: Connection, transactional_db: None) -> Iterator[Account]:
    made = Account.objects.create_user("signer", "x", display_name="黄志远", roles=["doctor"])
    yield made
    made.delete()


def _run(*words: str) -> str:
    out = StringIO()
    call_command("signing", *words, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("algorithm", ["ecdsa-p256", "sm2"])
def test_an_authority_issues_revokes_and_lists(
    region: Connection, account: Account, tmp_path: Path, algorithm: str
) -> None:
    number = _run("init", "测试机构", "--algorithm", algorithm).split()[-1]
    issued = certificates.read(_run("issue", "signer", "--authority", number).encode())
    with pytest.raises(CommandError, match="revoke it first"):
        _run("issue", "signer", "--authority", number)

    _run("revoke", "signer", "离职")
    _run("crl", "--authority", number, "--out", str(tmp_path / "list.crl"))

    found = certificates.read_list((tmp_path / "list.crl").read_bytes())
    assert list(found.revoked) == [issued.serial]
    assert issued.algorithm is Algorithm(algorithm)
    assert "revoked" in _run("list")


def test_an_older_list_and_a_strangers_list_are_refused(
    region: Connection, account: Account, tmp_path: Path
) -> None:
    from tests.signing.make import NOW, YEAR

    above, other = root(), root()
    (tmp_path / "root.pem").write_bytes(above.certificate.pem)
    _run("trust", str(tmp_path / "root.pem"))
    lists = {
        "new": make_list(above.certificate, above.signer, {7: NOW}, now=NOW),
        "old": make_list(above.certificate, above.signer, {}, now=NOW - YEAR / 2),
        "strange": make_list(other.certificate, other.signer, {}, now=NOW),
    }
    for name, made in lists.items():
        (tmp_path / name).write_bytes(made.der)

    _run("crl", "--file", str(tmp_path / "new"))
    for wrong, words in (("old", "newer list"), ("strange", "No authority")):
        with pytest.raises(CommandError, match=words):
            _run("crl", "--file", str(tmp_path / wrong))

    (kept,) = queries.authorities(region)
    assert kept.list is not None
    assert list(kept.list.revoked) == [7]


def test_what_is_no_certificate_is_refused(region: Connection, tmp_path: Path) -> None:
    for content in (b"", b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----", b"0" * 70_000):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(CommandError):
            _run("trust", str(tmp_path / "x"))

    assert queries.authorities(region) == []


def test_a_demonstrations_people_get_certificates_once(region: Connection, account: Account) -> None:
    from xinglin.config import demonstration

    demonstration.certify(["signer", "nobody"])
    demonstration.certify(["signer", "nobody"])

    assert [c.account for c in queries.credentials(region)] == [f"account/{account.pk}"]
    assert len(queries.authorities(region)) == 1


def test_the_ring_of_private_keys_is_listed() -> None:
    out = StringIO()

    call_command("keys", "list", stdout=out)

    assert "signing-keys: " in out.getvalue()
