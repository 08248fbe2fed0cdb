"""Platforms beside platforms: keys, letters, batches, the index, and visitors."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from joserfc.jwk import ECKey

from xinglin.exchange.nodes import (
    actions,
    aggregates,
    answering,
    asking,
    bundles,
    calling,
    forwarding,
    keys,
    letters,
    people,
    queries,
    receiving,
    rules,
)
from xinglin.exchange.nodes.models import Batch, Held, Inquiry, Node, Subscription, Token
from xinglin.exchange.nodes.rules import Consent, Filter, Relation, Tier, What
from xinglin.kernel import clock
from xinglin.kernel.actor import SYSTEM, Actor
from xinglin.kernel.errors import Fault, busy
from xinglin.record import access, database, notices
from xinglin.record.door import open_as

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xinglin.exchange.doors import Sender

STEWARD = Actor("account/1", "刘洋", frozenset({"administrator"}))
DOCTOR = Actor("account/2", "王医生", frozenset({"doctor"}), institution="hosp-a")
NUMBER = "11010519491231002X"  # the standard's own example
ID_SYSTEM = "http://www.mps.gov.cn/id"


# -- pure


def test_tiers_say_how_nodes_stand() -> None:
    found = [rules.relation(Tier.CITY, other) for other in Tier]

    assert found == [Relation.ABOVE, Relation.ABOVE, Relation.BESIDE, Relation.BELOW]


@pytest.mark.parametrize(
    ("chosen", "fits"),
    [
        (Filter(), True),
        (Filter(frozenset({"Observation"})), True),
        (Filter(frozenset({"Patient"})), False),
        (Filter(institutions=frozenset({"hosp-a"})), True),
        (Filter(institutions=frozenset({"hosp-c"})), True),
        (Filter(institutions=frozenset({"hosp-b"})), False),
        (Filter(tags=frozenset({"urn:x|a"})), True),
        (Filter(tags=frozenset({"urn:x|b"})), False),
    ],
)
def test_a_filter_lets_through_what_was_chosen(chosen: Filter, fits: bool) -> None:
    resource = {
        "resourceType": "Observation",
        "performer": [{"reference": "Organization/hosp-a"}],
        "meta": {"tag": [{"system": "urn:x", "code": "a"}]},
    }

    assert chosen.fits("Observation", resource, "hosp-c") is fits


@pytest.mark.parametrize(
    "address",
    ["http://health.example", "ftp://x", "https://", "https://a:b@c", "https://c?x=1", "health.example"],
)
def test_nodes_speak_over_https_alone(address: str) -> None:
    with pytest.raises(Fault):
        rules.address(address)

    assert rules.address("https://health.example/") == "https://health.example"
    assert rules.address("http://127.0.0.1:8000") == "http://127.0.0.1:8000"


def test_what_comes_from_another_node_has_ids_of_its_own_and_says_where_it_is_from() -> None:
    resource = {
        "resourceType": "Observation",
        "id": "o1",
        "meta": {"versionId": "3", "lastUpdated": "2026-01-01T00:00:00Z", "source": "urn:xinglin:message:1"},
        "subject": {"reference": "Patient/p1"},
        "note": [{"text": "Patient/p1"}],
        "focus": [{"reference": "#c"}, {"reference": "https://x.example/Patient/p1"}],
    }

    a, b = (bundles.taken_in(node, resource) for node in ("a", "b"))

    assert a["subject"]["reference"] == f"Patient/{bundles.foreign_id('a', 'Patient', 'p1')}"
    assert (a["id"] == b["id"], a["note"], a["focus"]) == (False, resource["note"], resource["focus"])
    assert a["meta"] == {"source": "urn:xinglin:node:a", "tag": [{"system": rules.NODE_TAG, "code": "a"}]}
    assert [bundles.is_foreign(a, node) for node in ("a", "b", "")] == [True, False, True]


# -- two nodes in one database: what one says is given to the other


@pytest.fixture
def city(emptied: None, db: None) -> Iterator[Node]:
    """This platform is the province; below it is a city with a key of its own."""
    actions.say_who(code="gx", name="广西", tier=Tier.PROVINCE, address="https://gx.example")
    key = ECKey.generate_key("P-256")
    jwk = {name: key.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
    made = Node.objects.create(
        code="nanning",
        name="南宁",
        tier=Tier.CITY,
        address="https://nn.example",
        jwk=jwk,
        made=clock.now(),
        made_by="t",
    )
    made.private = key
    yield made
    with database.connect() as connection:
        connection.execute("DELETE FROM record_consumer WHERE name LIKE 'exchange-node-%'")


def letter(city: Node, where: str, said: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What is posted by that node, signed with its key."""
    from joserfc import jwt

    body = json.dumps(said, ensure_ascii=False).encode()
    at = int(clock.now().timestamp())
    claims = {
        "iss": city.code, "aud": "gx", "iat": at, "exp": at + 60, "jti": f"j{clock.milliseconds()}-{id(said)}",
        "path": where, "digest": letters.digest(body), **more,
    }  # fmt: skip
    token = jwt.encode({"alg": "ES256"}, claims, city.private, algorithms=["ES256"])
    return {
        "path": where,
        "data": body,
        "content_type": "application/json",
        "headers": {"Authorization": f"Bearer {token}"},
    }


def batch(*resources: dict[str, Any], deleted: tuple = (), what: str = "records") -> dict[str, Any]:
    entries = {"bundle": bundles.batch(list(resources), list(deleted))}
    digest = letters.digest(json.dumps(entries, ensure_ascii=False, sort_keys=True).encode())
    return {"number": f"n-{digest[:20]}", "what": what, "digest": digest, **entries}


PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"text": "张三"}],
    "identifier": [{"system": ID_SYSTEM, "value": NUMBER, "type": {"coding": [{"code": "NI"}]}}],
}
NAMELESS = {"resourceType": "Patient", "name": [{"text": "某人"}]}
OBSERVATION = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": {"text": "血糖"},
    "subject": {"reference": "Patient/p1"},
    "valueString": "6.5",
}


def test_a_batch_is_kept_once_and_has_a_receipt(city: Node) -> None:
    client = Client(enforce_csrf_checks=True)
    said = batch(OBSERVATION, PATIENT)

    first = client.post(**letter(city, "/exchange/nodes/in", said)).json()
    again = client.post(**letter(city, "/exchange/nodes/in", said)).json()

    claims = letters.read(first["receipt"], keys.public())
    assert (claims["number"], claims["count"], claims["digest"]) == (said["number"], 2, said["digest"])
    assert (first["repeated"], again) == (False, {"receipt": first["receipt"], "repeated": True})
    id_ = bundles.foreign_id("nanning", "Observation", "o1")
    kept = open_as(SYSTEM).read("Observation", id_)
    assert (kept.version, kept.resource["meta"]["source"]) == (1, "urn:xinglin:node:nanning")
    assert Node.objects.get().heard is not None


def test_what_cannot_be_stored_does_not_keep_the_rest_back(city: Node) -> None:
    wrong = {**OBSERVATION, "id": "o2", "status": "nonsense"}

    answer = Client().post(**letter(city, "/exchange/nodes/in", batch(PATIENT, wrong))).json()

    assert [(one["type"], "nonsense" in one["why"] or one["why"] != "") for one in answer["refused"]] == [
        ("Observation", True)
    ]
    assert Batch.objects.get().refused == 1


def test_a_deletion_is_forwarded(city: Node) -> None:
    Client().post(**letter(city, "/exchange/nodes/in", batch(PATIENT)))
    Client().post(**letter(city, "/exchange/nodes/in", batch(deleted=(("Patient", "p1"),))))

    with pytest.raises(Fault, match="deleted"):
        open_as(SYSTEM).read("Patient", bundles.foreign_id("nanning", "Patient", "p1"))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"aud": "hn"}, "for another node"),
        ({"path": "/exchange/nodes/query"}, "for another letter"),
        ({"digest": "x"}, "for another letter"),
        ({"iat": 1}, "not good at this time"),
        ({"exp": 5}, "not good at this time"),
        ({"jti": ""}, "should have an id"),
        ({"iss": "nobody"}, "from no node that is registered"),
    ],
)
def test_a_token_is_good_for_its_own_letter_alone(city: Node, more: dict[str, Any], why: str) -> None:
    answer = Client().post(**letter(city, "/exchange/nodes/in", batch(PATIENT), **more))

    assert (answer.status_code, why in answer.json()["error"]) == (403, True)
    assert (Batch.objects.count(), Token.objects.count()) == (0, 0)


def test_a_token_is_good_once(city: Node) -> None:
    said = letter(city, "/exchange/nodes/in", batch(PATIENT), jti="only-once")

    assert [Client().post(**said).status_code for _ in range(2)] == [200, 409]


def test_a_token_of_another_key_is_refused(city: Node) -> None:
    city.private = ECKey.generate_key("P-256")

    answer = Client().post(**letter(city, "/exchange/nodes/in", batch(PATIENT)))

    assert (answer.status_code, "not signed with the key" in answer.json()["error"]) == (403, True)


def test_a_node_that_is_paused_is_refused(city: Node) -> None:
    actions.set_active(node=city, active=False)

    assert Client().post(**letter(city, "/exchange/nodes/in", batch(PATIENT))).status_code == 403


def test_only_a_node_below_forwards(city: Node) -> None:
    Node.objects.update(tier=Tier.NATION)

    assert Client().post(**letter(city, "/exchange/nodes/in", batch(PATIENT))).status_code == 403


# -- forwarding


class Above:
    """A node above that takes batches, or is away."""

    def __init__(self, node: Node) -> None:
        self.node, self.key, self.said, self.away, self.lost = node, node.private, [], 0, 0

    def __call__(self, own: Any, node: Node, path: str, said: dict[str, Any]) -> dict[str, Any]:
        from joserfc import jwt

        if self.away:
            self.away -= 1
            raise busy("away")
        self.said.append(said)
        if self.lost:
            self.lost -= 1
            raise busy("the answer is lost")
        claims = {"number": said["number"], "digest": said["digest"], "refused": 0}
        return {"receipt": jwt.encode({"alg": "ES256"}, claims, self.key, algorithms=["ES256"])}


@pytest.fixture
def above(city: Node) -> Above:
    Node.objects.update(tier=Tier.NATION)
    city.tier = Tier.NATION
    return Above(city)


def put(*resources: dict[str, Any]) -> None:
    door = open_as(SYSTEM)
    for one in resources:
        door.update(one)


def turn(above: Above) -> bool:
    (subscription,) = Subscription.objects.select_related("node")
    return forwarding.turn(subscription, now=clock.now(), say=above)


def subscribed(
    above: Above, what: What = What.RECORDS, chosen: Filter | None = None, *, stock: bool = False
) -> None:
    actions.subscribe(node=above.node, what=what, chosen=chosen or Filter(), stock=stock, now=clock.now())


def ids(said: dict[str, Any]) -> list[str]:
    return [one["resource"]["id"] for one in said["bundle"]["entry"] if "resource" in one]


def test_what_changes_is_forwarded_with_a_receipt(above: Above) -> None:
    put({**PATIENT, "id": "before"})
    subscribed(above)
    put(PATIENT, OBSERVATION)
    open_as(SYSTEM).delete("Observation", "o1")

    assert [turn(above), turn(above)] == [True, False]
    (said,) = above.said
    assert (ids(said), said["bundle"]["entry"][-1]["request"]) == (
        ["p1"],
        {"method": "DELETE", "url": "Observation/o1"},
    )
    sent = Batch.objects.get()
    assert (sent.outgoing, sent.count, letters.read(sent.receipt, above.node.jwk)["number"]) == (
        True,
        2,
        said["number"],
    )
    assert queries.progress(Subscription.objects.get()).state == "even"


def test_what_was_there_before_is_forwarded_where_that_is_wanted(above: Above) -> None:
    put(PATIENT, OBSERVATION)
    subscribed(above, stock=True)
    put({**PATIENT, "id": "p2"})

    while turn(above):
        pass

    assert sorted(id_ for said in above.said for id_ in ids(said)) == ["o1", "p1", "p2", "p2"]


def test_what_was_lost_is_sent_again_under_the_same_number(above: Above) -> None:
    subscribed(above)
    put(PATIENT)
    above.away, above.lost = 3, 1

    for _ in range(5):
        turn(above)

    assert len({said["number"] for said in above.said}) == 1
    assert (len(above.said), Batch.objects.count(), Subscription.objects.get().failures) == (2, 1, 0)


def test_what_changed_while_a_node_was_away_is_caught_up_with(above: Above) -> None:
    subscribed(above)
    above.away = 1
    put(PATIENT)
    turn(above)
    failing = queries.progress(Subscription.objects.get())
    put(*({**PATIENT, "id": f"q{number}"} for number in range(30)))
    with database.connection().transaction():
        from xinglin.record import changes

        database.connection().execute("UPDATE record_change SET moment = now() - interval '30 days'")
        changes.forget(database.connection(), keep_days=7)

    while turn(above):
        pass

    assert (failing.state, failing.behind, "away" in failing.subscription.error) == ("failing", 1, True)
    assert len([id_ for said in above.said for id_ in ids(said)]) == 31


def test_a_wrong_receipt_does_not_move_on(above: Above) -> None:
    subscribed(above)
    put(PATIENT)
    above.key = ECKey.generate_key("P-256")

    turn(above)

    assert ("no right receipt" in Subscription.objects.get().error, Batch.objects.count()) == (True, 0)


def test_only_what_was_chosen_is_forwarded(above: Above) -> None:
    subscribed(above, chosen=Filter(frozenset({"Patient"})))
    put(OBSERVATION | {"subject": {"display": "x"}})
    put(PATIENT)

    while turn(above):
        pass

    assert [ids(said) for said in above.said] == [["p1"]]


def test_what_came_from_a_node_does_not_go_back_to_it(above: Above) -> None:
    subscribed(above)
    put(bundles.taken_in("nanning", PATIENT), bundles.taken_in("other", PATIENT))

    while turn(above):
        pass

    assert [ids(said) for said in above.said] == [[bundles.foreign_id("other", "Patient", "p1")]]


def test_the_index_tells_pseudonyms_alone(above: Above) -> None:
    subscribed(above, What.INDEX)
    put(PATIENT | {"managingOrganization": {"display": "南宁市第一人民医院"}})
    turn(above)
    open_as(SYSTEM).delete("Patient", "p1")
    turn(above)

    hash_ = people.hash_of(queries.index_key(), NUMBER)
    assert [(one["hash"], one["holder"]) for one in above.said[0]["index"]["held"]] == [
        (hash_, "南宁市第一人民医院")
    ]
    assert above.said[1]["index"] == {"held": [], "gone": [hash_]}
    assert NUMBER not in json.dumps(above.said)


def test_aggregates_go_once_a_day_and_tell_of_nobody(above: Above) -> None:
    put(*({**NAMELESS, "id": f"p{number}"} for number in range(5)), OBSERVATION)
    subscribed(above, What.AGGREGATES)

    turn(above)
    turn(above)

    (said,) = above.said
    (entry,) = said["bundle"]["entry"]
    counts = {one["code"]["text"]: one["population"][0]["count"] for one in entry["resource"]["group"]}
    assert (entry["resource"]["measure"], counts) == (aggregates.MEASURE, {"Patient": 5})


def test_forwarding_is_paused_resumed_and_ended(above: Above) -> None:
    subscribed(above)
    subscription = Subscription.objects.get()

    actions.pause(subscription=subscription, paused=True)
    assert forwarding.due(clock.now()) == []
    actions.pause(subscription=subscription, paused=False)
    assert forwarding.due(clock.now()) == [subscription]
    actions.end(subscription=subscription)
    row = (
        database.connection()
        .execute("SELECT count(*) FROM record_consumer WHERE name LIKE 'exchange-node-%'")
        .fetchone()
    )
    assert row == (0,)


# -- the index and visitors


def test_an_index_is_kept_and_asked(city: Node) -> None:
    hash_ = people.hash_of(queries.index_key(), NUMBER)
    index = {
        "index": {"held": [{"hash": hash_, "holder": "一医院", "last": "2026-01-01T00:00:00Z"}], "gone": []}
    }
    digest = letters.digest(json.dumps(index, ensure_ascii=False, sort_keys=True).encode())
    receiving.take(city, {"number": "n-12345678", "what": "index", "digest": digest, **index}, clock.now())
    other = Node(code="liuzhou", name="柳州")

    found = answering.locate(other, {"hashes": [hash_]})["places"]

    assert [(one["code"], one["holder"]) for one in found] == [("nanning", "一医院")]
    assert answering.locate(city, {"hashes": [hash_]})["places"] == []
    assert Held.objects.get().hash == hash_


def inquiry(**more: Any) -> dict[str, Any]:
    return {
        "number": "q-12345678",
        "persons": [NUMBER],
        "purpose": "TREAT",
        "consent": {"how": "present", "words": "本人在场同意"},
        "asker": {"name": "王医生", "id": "account/2", "institution": "柳州市人民医院"},
        **more,
    }


def test_a_visitor_s_record_is_answered_with_a_receipt_and_the_resident_is_told(city: Node) -> None:
    put(PATIENT, OBSERVATION, {**NAMELESS, "id": "p9"})

    answer = Client().post(**letter(city, "/exchange/nodes/query", inquiry())).json()

    assert sorted(ids({"bundle": answer["bundle"]})) == ["o1", "p1"]
    claims = letters.read(answer["receipt"], keys.public())
    assert (claims["found"], claims["number"]) == (2, "q-12345678")
    kept = Inquiry.objects.get()
    assert (kept.outgoing, kept.asker, kept.found, NUMBER in kept.person) == (False, "王医生", 2, False)
    access.flush()
    lines = (
        database.connection()
        .execute("SELECT action, purpose FROM record_access WHERE actor = 'node/nanning'")
        .fetchall()
    )
    assert ("everything", "TREAT") in lines
    told = database.connection().execute(
        "SELECT kind FROM record_notice WHERE recipient = %s", [notices.of_patient("p1")]
    )
    assert [row[0] for row in told] == ["node-asked"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"persons": []},
        {"persons": ["x"] * 6},
        {"consent": {"how": "present", "words": " "}},
        {"consent": {"how": "guess", "words": "x"}},
        {"asker": {"name": ""}},
        {"number": 5},
    ],
)
def test_an_inquiry_without_consent_or_asker_is_refused_and_nothing_is_told(
    city: Node, wrong: dict[str, Any]
) -> None:
    put(PATIENT)

    answer = Client().post(**letter(city, "/exchange/nodes/query", inquiry(**wrong)))

    assert (answer.status_code, Inquiry.objects.count()) == (400, 0)


class There:
    """The other node, as the asker hears it."""

    def __init__(self, node: Node, bundle: dict[str, Any]) -> None:
        self.node, self.bundle, self.said = node, bundle, []

    def __call__(self, own: Any, node: Node, path: str, said: dict[str, Any]) -> dict[str, Any]:
        from joserfc import jwt

        self.said.append((path, said))
        digest = letters.digest(json.dumps(self.bundle, ensure_ascii=False, sort_keys=True).encode())
        claims = {"number": said["number"], "digest": digest}
        return {
            "bundle": self.bundle,
            "receipt": jwt.encode({"alg": "ES256"}, claims, self.node.private, algorithms=["ES256"]),
        }


BASIS = asking.Basis(Consent.PRESENT, "本人在场同意", "hosp-a")


def test_an_answer_is_kept_sealed_and_apart(city: Node) -> None:
    put(PATIENT)
    there = There(
        city, {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": OBSERVATION}]}
    )
    door = open_as(DOCTOR)
    found = asking.visitor(door, "p1")

    made = asking.ask(door, found, city, BASIS, now=clock.now(), say=there)

    stored = Inquiry.objects.get()
    assert (stored.found, stored.patient, "血糖".encode() in bytes(stored.answer)) == (1, "p1", False)
    assert queries.answer(stored) == there.bundle
    assert open_as(SYSTEM).search("Observation", []).entries == ()
    assert there.said[0][1]["persons"] == [NUMBER]
    assert asking.look(door, made) == there.bundle
    actions.forget(now=clock.now() + timedelta(days=31))
    assert queries.answer(Inquiry.objects.get()) is None


def test_an_answer_that_its_receipt_is_not_of_is_not_kept(city: Node) -> None:
    put(PATIENT)
    there = There(city, {"resourceType": "Bundle", "entry": []})
    city.private = ECKey.generate_key("P-256")
    door = open_as(DOCTOR)

    with pytest.raises(Fault, match="no right receipt"):
        asking.ask(door, asking.visitor(door, "p1"), city, BASIS, now=clock.now(), say=there)

    assert Inquiry.objects.get().answer is None


def test_a_record_is_asked_for_by_who_treats_alone(city: Node) -> None:
    put(PATIENT)
    door = open_as(STEWARD)

    with pytest.raises(Fault, match="who treats"):
        asking.ask(door, asking.visitor(door, "p1"), city, BASIS, now=clock.now(), say=lambda *_: {})

    assert Inquiry.objects.count() == 0


def test_a_record_is_not_asked_for_without_saying_why(city: Node) -> None:
    put(PATIENT)
    door = open_as(DOCTOR)

    with pytest.raises(Fault, match="in a few words"):
        asking.ask(door, asking.visitor(door, "p1"), city, asking.Basis(Consent.SIGNED, " "), now=clock.now())

    assert Inquiry.objects.count() == 0


# -- pages


def test_a_node_is_registered_when_its_fingerprint_is_right(
    browser: Callable[..., Client], sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ECKey.generate_key("P-256").as_dict(private=False)
    said = {"code": "gx", "name": "广西", "tier": "province", "address": "https://gx.example", "jwk": key}
    monkeypatch.setattr(calling, "introduction", lambda _: said)
    client = browser("administrator")
    client.post(
        "/exchange/nodes/own/",
        {"code": "nn", "name": "南宁", "tier": "city", "address": "https://nn.example"},
    )
    form = {"address": "https://gx.example"}

    shown = client.post("/exchange/nodes/register/", form).content.decode()
    wrong = client.post("/exchange/nodes/register/", {**form, "fingerprint": "0000 0000"})
    assert ("广西" in shown, wrong.status_code, Node.objects.count()) == (True, 422, 0)

    right = client.post("/exchange/nodes/register/", {**form, "fingerprint": keys.fingerprint(key).upper()})

    assert (right.status_code, Node.objects.get().code) == (302, "gx")
    client.post(
        "/exchange/nodes/at/gx/subscribe/", {"what": "records", "types": "Patient Observation", "stock": "on"}
    )
    one = client.get("/exchange/nodes/at/gx/").content.decode()
    assert ("档案" in one, Subscription.objects.get().types) == (True, ["Observation", "Patient"])
    assert (
        client.post("/exchange/nodes/at/gx/subscribe/", {"what": "records", "types": "Patiens"}).status_code
        == 422
    )
    assert "上级" in client.get("/exchange/nodes/").content.decode()
    with database.connect() as connection:
        connection.execute("DELETE FROM record_consumer WHERE name LIKE 'exchange-node-%'")


def test_pages_are_for_who_runs_the_platform(browser: Callable[..., Client], sender: Sender) -> None:
    assert [browser(role).get("/exchange/nodes/").status_code for role in ("doctor", "steward")] == [403, 200]
    assert browser("steward").get("/exchange/nodes/own/").status_code == 403


def test_a_visitor_s_page_shows_where_there_is_a_record_and_the_answer(
    browser: Callable[..., Client], sender: Sender, city: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(PATIENT)
    hash_ = people.hash_of(queries.index_key(), NUMBER)
    Held.objects.create(hash=hash_, node=city, holder="一医院", last=clock.now())
    there = There(
        city, {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": OBSERVATION}]}
    )
    monkeypatch.setattr(asking.ask, "__kwdefaults__", {"say": there})
    client = browser("doctor")

    shown = client.get("/exchange/nodes/visitors/p1/").content.decode()
    asked = client.post(
        "/exchange/nodes/visitors/p1/", {"node": "nanning", "consent": "present", "words": "本人在场同意"}
    )
    answer = client.get(asked["Location"]).content.decode()

    assert ("南宁" in shown, asked.status_code) == (True, 302)
    assert ("血糖" in answer, "6.5" in answer, "南宁" in answer) == (True, True, True)
    assert browser("steward").get(asked["Location"]).status_code == 403
