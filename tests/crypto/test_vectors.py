"""The examples of the standards."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from xinglin.crypto import ciphers, digests, sm2

# GB/T 32918.5-2017, appendix A: the signature with the recommended curve
SECRET = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
PUBLIC = bytes.fromhex(
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
NUMBER = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
SIGNATURE = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_of_gb_t_32905(message, digest):
    assert digests.sm3(message).hex() == digest


def test_hmac_sm3_of_gm_t_0042():
    message = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq" * 2

    keyed = digests.hmac_sm3(bytes(range(1, 33)), message)

    assert keyed.hex() == "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a"


def test_hmac_sha256_of_rfc_4231():
    keyed = digests.hmac_sha256(b"Jefe", b"what do ya want for nothing?")

    assert keyed.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_sm4_of_gb_t_32907():
    block = bytes.fromhex("0123456789abcdeffedcba9876543210")
    cipher = Cipher(algorithms.SM4(block), modes.ECB()).encryptor()

    assert (cipher.update(block) + cipher.finalize()).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_gcm_of_rfc_8998():
    plain = b"".join(bytes([byte]) * 8 for byte in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    nonce = bytes.fromhex("00001234567800000000ABCD")
    about = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    cipher = ciphers.Sm4Gcm(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210"))

    sealed = cipher.seal_with(nonce, plain, about)

    assert sealed.removeprefix(nonce).hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
    assert cipher.open(sealed, about) == plain


def test_sm2_public_key_of_gb_t_32918():
    assert sm2.public_key(SECRET) == PUBLIC
    assert sm2.is_point(PUBLIC)


def test_sm2_digest_of_gb_t_32918():
    digest = sm2.digest(PUBLIC, b"message digest")

    assert digest.hex() == "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"


def test_sm2_signature_of_gb_t_32918():
    signer = sm2.Sm2Signer(SECRET)

    assert signer.sign_with(NUMBER, b"message digest") == SIGNATURE
    assert signer.verifier().verify(b"message digest", SIGNATURE)
    assert not signer.verifier().verify(b"message digesT", SIGNATURE)


@pytest.mark.parametrize(
    "pair",
    [(0, 1), (1, 0), (ORDER, 1), (1, ORDER), (1, ORDER - 1), (0, 0)],
    ids=["r=0", "s=0", "r=n", "s=n", "r+s=n", "both=0"],
)
def test_sm2_refuses_numbers_out_of_their_range(pair):
    forged = b"".join(number.to_bytes(32, "big") for number in pair)

    assert not sm2.Sm2Verifier(PUBLIC).verify(b"message digest", forged)


def test_sm2_adds_no_order_to_a_signature():
    r, s = int.from_bytes(SIGNATURE[:32], "big"), int.from_bytes(SIGNATURE[32:], "big")
    longer = r.to_bytes(32, "big") + (s + ORDER).to_bytes(33, "big")

    assert not sm2.Sm2Verifier(PUBLIC).verify(b"message digest", longer)


@pytest.mark.parametrize(
    "public",
    [b"", PUBLIC[:-1], bytes(64), PUBLIC[:-1] + b"\x14"],
    ids=["none", "short", "zero", "off the curve"],
)
def test_sm2_takes_only_points_of_the_curve_for_public_keys(public):
    with pytest.raises(ValueError, match="point of its curve"):
        sm2.Sm2Verifier(public)


@pytest.mark.parametrize("number", [0, ORDER - 1, ORDER, 1 << 255])
def test_sm2_takes_only_numbers_in_range_for_private_keys(number):
    if number == 1 << 255:
        assert len(sm2.public_key(number.to_bytes(32, "big"))) == 64
        return
    with pytest.raises(ValueError, match="n − 2"):
        sm2.public_key(number.to_bytes(32, "big"))


@pytest.mark.parametrize("first", [0x04, 0x40, 0x44, 0x00])
def test_sm2_public_key_may_begin_with_fours_and_noughts(first):
    secret = next(
        number.to_bytes(32, "big") for number in range(1, 3000)
        if sm2.public_key(number.to_bytes(32, "big"))[0] == first
    )  # fmt: skip
    signer = sm2.Sm2Signer(secret)

    assert signer.verifier().verify(b"message", signer.sign(b"message"))
