"""The environment, read once into a typed value; a start with a wrong or unknown name is refused."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "XINGLIN_"
_ELSEWHERE = {"XINGLIN_VENV", "XINGLIN_TEST_HOME"}  # read by ./run and by the tests alone


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting, its default and what it means; ``docs/operators`` lists the same names."""

    home: Path  # XINGLIN_HOME: the platform's data directory
    database_url: (
        str | None
    )  # DATABASE_URL: a PostgreSQL of at least 15; without it the embedded one is started
    host: str = "127.0.0.1"  # XINGLIN_HOST: address to listen on
    port: int = 8080  # XINGLIN_PORT: port to listen on
    workers: int = 4  # XINGLIN_WORKERS: server processes
    threads: int = 4  # XINGLIN_THREADS: requests at once in each process
    base_url: str = ""  # XINGLIN_BASE_URL: the address clients use, when it is not host and port
    secret_key: str = (
        ""  # XINGLIN_SECRET_KEY: signs sessions and page tokens; made and kept in home if absent
    )
    debug: bool = False  # XINGLIN_DEBUG: Django's debug pages; never in production
    max_body: int = 64 * 1024 * 1024  # XINGLIN_MAX_BODY: largest request body in bytes
    ledger: bool = (
        True  # XINGLIN_LEDGER: `serve` also keeps the ledger; false where `ledger run` runs elsewhere
    )
    exchange: int = 1  # XINGLIN_EXCHANGE: processes beside `serve` that work what the doors took; 0 for none
    live: bool = True  # XINGLIN_LIVE: open pages hear of changes at once; false: they ask every few seconds
    live_port: int = 0  # XINGLIN_LIVE_PORT: port of the live process; 0: the one after XINGLIN_PORT
    live_url: str = ""  # XINGLIN_LIVE_URL: where browsers have streams, such as /live behind a reverse proxy
    nodes: bool = False  # XINGLIN_NODES: `serve` also forwards to other nodes what is subscribed
    backlog: int = 50_000  # XINGLIN_BACKLOG: messages that may wait to be worked before a door takes no more
    mllp_host: str = "127.0.0.1"  # XINGLIN_MLLP_HOST: address on which `mllp` listens
    mllp_port: int = 2575  # XINGLIN_MLLP_PORT: its port
    mllp_workers: int = 2  # XINGLIN_MLLP_WORKERS: processes that share the port
    mllp_threads: int = 16  # XINGLIN_MLLP_THREADS: messages at once in each process
    mllp_connections: int = (
        1000  # XINGLIN_MLLP_CONNECTIONS: open connections of each process; more are closed
    )
    mllp_largest: int = 16 * 1024 * 1024  # XINGLIN_MLLP_LARGEST: largest message in bytes
    mllp_idle: int = 300  # XINGLIN_MLLP_IDLE: seconds without a byte after which a connection is closed
    mllp_processing: str = (
        "P"  # XINGLIN_MLLP_PROCESSING: processing ids taken: P production, T training, D debugging
    )
    mllp_certificate: str = (
        ""  # XINGLIN_MLLP_CERTIFICATE: certificate for TLS (PEM, with its chain); none: no TLS
    )
    mllp_key: str = ""  # XINGLIN_MLLP_KEY: its key; absent if it stands in the same file
    mllp_clients: str = ""  # XINGLIN_MLLP_CLIENTS: authorities (PEM) by which clients must have a certificate
    demo: bool = False  # XINGLIN_DEMO: show the demo accounts on the sign-in page
    identity: bool = True  # XINGLIN_IDENTITY: link Patients to persons as they are written
    notify: str = ""  # XINGLIN_NOTIFY: addresses below which subscribers may be told of changed links
    proxies: int = 0  # XINGLIN_PROXIES: reverse proxies in front, whose X-Forwarded-For is believed
    limits: str = ""  # XINGLIN_LIMITS: a TOML file that says how much one caller may ask
    policy: str = "open"  # XINGLIN_POLICY: who may see what: open, region, or the path of a TOML file
    tsa: str = ""  # XINGLIN_TSA: address of a time stamping authority (RFC 3161) for signatures
    keys: str = ""  # XINGLIN_KEYS: folder of the cryptographic keys; <home>/keys if absent
    ehrs: str = ""  # XINGLIN_EHRS: hosts of institutions' systems that open records, with spaces between
    jwks: str = ""  # XINGLIN_JWKS: addresses below which apps may keep their public keys, with spaces between
    oidc: str = ""  # XINGLIN_OIDC: issuer of the region's own identity provider; none if absent
    oidc_client: str = ""  # XINGLIN_OIDC_CLIENT: the platform's client id there
    oidc_secret: str = ""  # XINGLIN_OIDC_SECRET: file that holds the platform's secret there
    oidc_name: str = ""  # XINGLIN_OIDC_NAME: what the provider is called on the sign-in page
    seal: str = "aes"  # XINGLIN_SEAL: encryption of what is stored: aes, sm4 or off
    card_seconds: int = 60  # XINGLIN_CARD_SECONDS: how long a health card's shown code holds
    card_offline_seconds: int = (
        900  # XINGLIN_CARD_OFFLINE_SECONDS: how late a scan without network may be told
    )
    sms: str = "file"  # XINGLIN_SMS: how codes reach phones: file (<home>/outbox), or a gateway's address
    sms_token: str = ""  # XINGLIN_SMS_TOKEN: the bearer token for the gateway
    kiosk_minutes: int = 5  # XINGLIN_KIOSK_MINUTES: how long a resident's session at a kiosk holds
    dicom_port: int = 11112  # XINGLIN_DICOM_PORT: port on which `xinglin dicom` listens
    dicom_title: str = "XINGLIN"  # XINGLIN_DICOM_TITLE: its application entity title
    dicom_store: str = ""  # XINGLIN_DICOM_STORE: folder of the image files; <home>/dicom if absent
    dicom_certificate: str = ""  # XINGLIN_DICOM_CERTIFICATE: PEM file with certificate and key, for TLS
    dicom_callers: str = ""  # XINGLIN_DICOM_CALLERS: PEM file with the authorities of callers' certificates


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from ``environ``; raise ``SystemExit`` with what is wrong."""
    env = os.environ if environ is None else environ
    known = {f.name: str(f.type) for f in fields(Settings) if f.name != "database_url"}
    given = {
        k[len(PREFIX) :].lower(): v for k, v in env.items() if k.startswith(PREFIX) and k not in _ELSEWHERE
    }
    unknown = sorted(set(given) - set(known))
    if unknown:
        names = ", ".join(PREFIX + name.upper() for name in unknown)
        raise SystemExit(f"Unknown setting {names}. docs/operators/settings.md lists all of them.")
    home = Path(given.pop("home", "var")).resolve()
    values = {name: _convert(name, text, known[name]) for name, text in given.items()}
    if not values.get("secret_key"):
        values["secret_key"] = _kept_secret(home)
    return Settings(home=home, database_url=env.get("DATABASE_URL") or None, **values)


def _convert(name: str, text: str, kind: str) -> Any:
    try:
        if kind == "int":
            return int(text)
        if kind == "bool":
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False, "": False}[
                text.lower()
            ]
    except (ValueError, KeyError):
        wanted = "a whole number" if kind == "int" else "true or false"
        raise SystemExit(f"{PREFIX}{name.upper()}={text!r} should be {wanted}.") from None
    return text


def _kept_secret(home: Path) -> str:
    path = home / "secret_key"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()
