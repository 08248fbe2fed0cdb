"""The register over a real record: filled from Patients, shown by division, changed by people, exported."""

from __future__ import annotations

import csv
import io
import re
import threading

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.identity import people
from tests.identity.people import DISTRICT, NOW, OTHER_VILLAGE, TOWN, VILLAGE
from tests.identity.test_pages import HTMX, signed_in, text
from xinglin.identity import queries
from xinglin.identity.population import archives, filing, households, refreshing, residents
from xinglin.kernel import checkdigits
from xinglin.kernel.actor import SYSTEM
from xinglin.record import access, sealing
from xinglin.record.door import open_as

ADDRESS = "桂南省杏川市杏林区东门街道松塘社区人民路38号3栋501室"
CENTRE = {"coding": [{"system": "urn:xinglin:codes:institution-kind", "code": "B100"}]}
HOSPITAL = {"coding": [{"system": "urn:xinglin:codes:institution-kind", "code": "A100"}]}
MOTHER = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH"}]}


def number(body):
    """An identity number with its right check character, of a division that was never given out."""
    return body + checkdigits.resident(body)


def patient(id_, name, birth, identity, **more):
    return {
        "resourceType": "Patient",
        "id": id_,
        "name": [{"text": name}],
        "birthDate": birth,
        "gender": "female",
        "identifier": [{"system": "urn:oid:2.16.156.10011.1.3", "value": identity}],
        "address": [{"text": more.pop("address", ADDRESS)}],
        "managingOrganization": {"reference": f"Organization/{more.pop('institution', 'centre')}"},
        **more,
    }


def resources():
    return [
        {"resourceType": "Organization", "id": "centre", "name": "东门社区卫生服务中心", "type": [CENTRE]},
        {"resourceType": "Organization", "id": "hospital", "name": "第一人民医院", "type": [HOSPITAL]},
        patient("m", "王芳", "1990-01-05", number("45983219900105002")),
        patient("c", "陈小雨", "2026-01-15", number("45983220260115002"),
                contact=[{"relationship": [MOTHER], "name": {"text": "王芳"}}]),
        patient("s", "李远来", "1985-07-01", number("43981219850701002"), institution="hospital",
                address="杏川市杏林区东门街道竹园社区2组5号"),
        patient("x", "赵不详", "1950-02-03", number("45983219500203002"), address="不详",
                deceasedDateTime="2026-02-10"),
    ]  # fmt: skip


@pytest.fixture
def link(register, db):
    """Four residents, and the register filled with them."""
    door = open_as(SYSTEM)
    for resource in resources():
        door.update(resource)
    refreshing.everybody(actor=SYSTEM, now=NOW, tell=lambda _: None)
    return register


@pytest.fixture
def steward(link, client):
    return signed_in(client, "陆文清", "steward")


def person(link, id_):
    found = queries.person_of(link, id_)
    assert found is not None
    return found


# -- filling


def test_register_is_filled_with_what_patients_say(link):
    mother, stranger, dead = (residents.find(link, person(link, p)) for p in ("m", "s", "x"))

    assert mother is not None
    assert (mother.name, mother.present, mother.registered, mother.standing) == (
        "王芳", VILLAGE, "459832000000", "settled",
    )  # fmt: skip
    assert stranger is not None
    assert (stranger.present, stranger.standing) == (OTHER_VILLAGE, "arrived")
    assert dead is not None
    assert (dead.dead, str(dead.died), dead.present) == (True, "2026-02-10", None)


def test_filling_again_changes_nothing(link):
    done = refreshing.everybody(actor=SYSTEM, now=NOW, tell=lambda _: None)

    assert done == {"persons": 4, "changed": 0, "housed": 0, "archives": 0}


def test_mother_whom_a_child_names_is_head_of_the_proposed_household(link):
    member = households.of_person(link, [person(link, "c")])

    assert member is not None
    assert (member.relation, member.evidence) == ("30", "mother named")
    assert [m.person for m in households.members(link, member.household)] == [
        person(link, "m"),
        person(link, "c"),
    ]


def test_archives_are_filed_for_whom_primary_care_knows(link):
    assert filing.everybody(actor=SYSTEM, now=NOW, tell=lambda _: None)["filed"] == 2

    (archive,) = archives.of_persons(link, [person(link, "m")])
    assert (archive.keeper, archive.division) == ("东门社区卫生服务中心", VILLAGE)
    assert archives.of_persons(link, [person(link, "s")]) == []
    assert filing.everybody(actor=SYSTEM, now=NOW, tell=lambda _: None)["filed"] == 0


def test_change_of_a_patient_reaches_the_register_through_the_outbox(link):
    while refreshing.keep():
        pass
    open_as(SYSTEM).update(patient("m", "王芳", "1990-01-05", number("45983219900105002"),
                                   address="杏川市杏林区东门街道竹园社区9号"))  # fmt: skip

    refreshing.keep()

    found = residents.find(link, person(link, "m"))
    assert found is not None
    assert found.present == OTHER_VILLAGE


def test_merged_person_leaves_the_register_and_comes_back(link):
    from xinglin.identity import actions

    kept, given = person(link, "m"), person(link, "s")
    with link.transaction():
        done = actions.merge(link, survivor=kept, other=given, actor=people.STEWARD, reason="document")
        refreshing.after_links(link, [kept, given], actor=people.STEWARD, now=NOW)
    assert residents.find(link, given) is None

    with link.transaction():
        actions.unmerge(link, event=done.number, actor=people.STEWARD, reason="document")
        refreshing.after_links(link, [kept, given], actor=people.STEWARD, now=NOW)
    found = residents.find(link, given)
    assert found is not None
    assert found.name == "李远来"


# -- pages by division


def test_division_shows_its_parts_with_their_figures(steward):
    answer = steward.get(f"/persons/register/{TOWN}/?year=2026")

    assert [(a.division.code, a.living, a.floating, a.births) for a in answer.context["areas"]] == [
        (VILLAGE, 2, 0, 1),
        (OTHER_VILLAGE, 1, 1, 0),
    ]
    assert answer.context["here"].living == 3
    assert [d.name for d in answer.context["path"]] == ["杏川市", "杏林区", "东门街道"]


def test_village_lists_its_households(steward):
    answer = steward.get(f"/persons/register/{VILLAGE}/")

    assert [(h["head"], h["members"]) for h in answer.context["households"]] == [("王芳", 2)]


@pytest.mark.parametrize("code", ["459899000000", "999999999999"])
def test_division_nobody_knows_is_not_found(steward, code):
    assert steward.get(f"/persons/register/{code}/").status_code == 404


def test_what_is_no_code_is_refused(steward):
    assert steward.get("/persons/register/4598x/").status_code == 400


def test_register_without_divisions_says_what_to_do(steward, link):
    link.execute("TRUNCATE identity_division")

    assert "请先导入目录" in text(steward.get("/persons/register/"))


# -- lists and export


def test_lists_name_who_belongs_to_them(steward):
    def names(query):
        rows = steward.get(f"/persons/register/list/?{query}").context["rows"]
        return sorted(row["r"].name for row in rows)

    assert names("kind=living") == sorted(["王芳", "陈小雨", "李远来"])
    assert names(f"kind=living&division={VILLAGE}&name=王") == ["王芳"]
    assert names("kind=births&year=2026") == ["陈小雨"]
    assert names("kind=deaths&year=2026") == ["赵不详"]
    assert names("kind=floating") == ["李远来"]


def test_list_of_nobody_says_so(steward):
    assert "名单为空" in text(steward.get("/persons/register/list/?kind=births&year=2021"))


def test_more_rows_come_as_a_piece(steward):
    answer = steward.get("/persons/register/list/?kind=living", headers=HTMX)

    assert answer.content.decode().lstrip().startswith("<tr>")


def test_export_is_a_table_and_is_noted(steward, link):
    answer = steward.get(f"/persons/register/list.csv?kind=living&division={VILLAGE}")

    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(content))
    assert header[:3] == ["居民", "姓名", "性别"]
    assert [row[1] for row in rows] == ["王芳", "陈小雨"]
    access.flush()
    noted = link.execute("SELECT query FROM record_access WHERE action = 'register-export'").fetchall()
    assert [sealing.open_text(query) for (query,) in noted] == [f"kind=living&division={VILLAGE}"]


def test_cell_that_a_spreadsheet_would_compute_is_quoted(steward, link):
    link.execute("UPDATE identity_resident SET name = '=HYPERLINK(\"x\")' WHERE name = '王芳'")

    content = b"".join(steward.get("/persons/register/list.csv?kind=living").streaming_content).decode()

    assert "'=HYPERLINK" in content


@pytest.mark.parametrize("query", ["kind=everybody", "kind=births&year=x&division=1"])
def test_list_of_no_kind_or_place_is_refused(steward, query):
    assert steward.get(f"/persons/register/list/?{query}").status_code in {400, 404}


# -- counts


def upload(steward, content, name="counts.csv"):
    return steward.post("/persons/register/counts/", {"file": SimpleUploadedFile(name, content)})


def test_counts_give_the_filing_rate(steward, link):
    filing.everybody(actor=SYSTEM, now=NOW, tell=lambda _: None)
    answer = upload(steward, f"division,year,registered,permanent\n{VILLAGE},2025,5,8\n".encode("gbk"))

    assert answer.status_code == 302
    (village, _) = steward.get(f"/persons/register/{TOWN}/?year=2026").context["areas"]
    assert (village.archives, village.denominator, village.rate) == (2, 8, 25.0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"division,year,registered,permanent\n45,2025,x,\n", "第 2 行 registered 列"),
        (b"division,year\n", "缺少 registered 列"),
        (b"", "缺少 division 列"),
        (b"\xff\xfe\x00\x01\x80", "不是文本文件"),
    ],
)
def test_wrong_file_is_refused_with_its_place(steward, link, content, said):
    answer = upload(steward, content)

    assert answer.status_code == 400
    assert said in text(answer) or not content
    assert link.execute("SELECT count(*) FROM identity_count").fetchone() == (0,)


# -- archives


def file(steward, link, id_="m", **given):
    whole = {"file-keeper": "东门社区卫生服务中心", "file-division": VILLAGE, "act": "file", **given}
    return steward.post(f"/persons/{person(link, id_)}/", whole)


def test_archive_is_filed_on_the_page_of_the_person(steward, link):
    assert file(steward, link).status_code == 302

    assert VILLAGE + "00001" in text(steward.get(f"/persons/{person(link, 'm')}/"))
    assert "file" not in steward.get(f"/persons/{person(link, 'm')}/").context["forms"]


@pytest.mark.parametrize("given", [{"file-division": TOWN}, {"file-division": "x"}, {"file-keeper": ""}])
def test_archive_that_cannot_be_filed_leaves_what_was_typed(steward, link, given):
    answer = file(steward, link, **given)

    assert answer.status_code == 400
    assert answer.context["forms"]["file"].data["file-keeper"] == given.get(
        "file-keeper", "东门社区卫生服务中心"
    )
    assert archives.of_persons(link, [person(link, "m")]) == []


def test_doctor_may_file_but_a_nurse_may_not_look(link, client):
    from django.test import Client

    doctor, nurse = signed_in(client, "黄志远", "doctor"), signed_in(Client(), "覃美玲", "nurse")

    assert file(nurse, link).status_code == 403
    assert archives.of_persons(link, [person(link, "m")]) == []
    assert file(doctor, link).status_code == 302


def test_archive_is_moved_closed_and_opened_again(steward, link):
    file(steward, link)
    page = f"/persons/archives/{VILLAGE}00001/"

    steward.post(
        page, {"act": "move", "keeper": "竹园社区卫生服务站", "division": OTHER_VILLAGE, "note": "搬家"}
    )
    steward.post(page, {"act": "close", "reason": "lost"})
    assert "已注销" in text(steward.get(page))
    steward.post(page, {"act": "reopen", "note": "已找到"})

    archive = archives.find(link, VILLAGE + "00001")
    assert (archive.keeper, archive.state) == ("竹园社区卫生服务站", "open")
    said = text(steward.get(page))
    assert all(word in said for word in ("建档", "迁移", "已注销", "重新启用", "搬家"))


@pytest.mark.parametrize("given", [{"act": "reopen", "note": "x"}, {"act": "nothing"}, {}])
def test_act_that_the_archive_does_not_allow_is_refused(steward, link, given):
    file(steward, link)
    before = archives.find(link, VILLAGE + "00001")

    answer = steward.post(f"/persons/archives/{VILLAGE}00001/", given)

    assert answer.status_code == 404
    assert archives.find(link, VILLAGE + "00001") == before


def test_each_field_of_an_archive_s_forms_has_an_id_of_its_own(steward, link):
    file(steward, link)

    page = steward.get(f"/persons/archives/{VILLAGE}00001/").content.decode()

    ids = re.findall(r' id="([^"]+)"', page)
    assert sorted(ids) == sorted(set(ids))
    assert {f"id_{act}_note" for act in ("move", "change", "close", "review")} < set(ids)


def test_number_in_the_search_box_leads_to_the_archive(steward, link):
    file(steward, link)

    found = steward.get("/persons/archives/", {"number": VILLAGE + "00001"})
    missing = steward.get("/persons/archives/", {"number": VILLAGE + "00002"})

    assert found["Location"] == f"/persons/archives/{VILLAGE}00001/"
    assert missing.status_code == 404
    assert "没有编号" in text(missing)


def test_archives_are_listed_by_division(steward, link):
    file(steward, link)

    assert len(steward.get(f"/persons/archives/?division={DISTRICT}").context["rows"]) == 1
    assert len(steward.get(f"/persons/archives/?division={OTHER_VILLAGE}").context["rows"]) == 0


# -- residence and household


def test_residence_is_stated_and_kept(steward, link):
    page = f"/persons/{person(link, 'm')}/"
    given = {"act": "residence", "home-since": "2026-03-05", "home-standing": "away", "home-present": OTHER_VILLAGE,
             "home-address": "竹园社区1号"}  # fmt: skip

    assert steward.post(page, given).status_code == 302
    refreshing.everybody(actor=SYSTEM, now=NOW, tell=lambda _: None)

    found = residents.find(link, person(link, "m"))
    assert found is not None
    assert (found.present, found.standing, found.stated) == (OTHER_VILLAGE, "away", True)
    assert "竹园社区1号" in text(steward.get(page))


def test_residence_in_the_future_is_refused(steward, link):
    before = residents.residences(link, person(link, "m"))
    given = {"act": "residence", "home-since": "2030-03-05", "home-standing": "left"}

    answer = steward.post(f"/persons/{person(link, 'm')}/", given)

    assert answer.status_code == 400
    assert "尚未到来" in text(answer)
    assert residents.residences(link, person(link, "m")) == before


def household(link):
    member = households.of_person(link, [person(link, "m")])
    assert member is not None
    return member.household


def test_household_is_confirmed_by_people(steward, link):
    id_ = household(link)
    page = f"/persons/households/{id_}/"
    assert "根据地址推定" in text(steward.get(page))

    steward.post(
        page, {"act": "relate", f"relation-{person(link, 'm')}": "02", f"relation-{person(link, 'c')}": "31"}
    )

    assert households.find(link, id_).source == "stated"
    assert "31 独生女" in text(steward.get(page))


def test_somebody_joins_and_leaves_a_household(steward, link):
    id_ = household(link)
    page = f"/persons/households/{id_}/"

    steward.post(page, {"act": "join", "person": person(link, "s"), "relation": "97", "since": "2026-01-01"})
    assert len(households.members(link, id_)) == 3
    steward.post(page, {"act": "leave", "person": person(link, "s"), "until": "2026-02-01", "note": "搬走"})

    assert len(households.members(link, id_)) == 2
    assert "搬走" in text(steward.get(page))


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"act": "join", "person": "nobody", "relation": "97", "since": "2026-01-01"}, 400),
        ({"act": "join", "person": "", "relation": "97", "since": "x"}, 400),
        ({"act": "leave", "person": "nobody", "until": "2026-02-01"}, 400),
        ({"act": "relate"}, 400),
        ({"act": "burn"}, 400),
    ],
)
def test_what_a_household_cannot_do_changes_nothing(steward, link, given, status):
    id_ = household(link)
    before = households.members(link, id_, former=True)

    assert steward.post(f"/persons/households/{id_}/", given).status_code == status
    assert households.members(link, id_, former=True) == before


def test_household_is_handed_on_as_fhir(steward, link):
    answer = steward.get(f"/persons/households/{household(link)}/group.json")

    assert answer["Content-Type"] == "application/fhir+json"
    assert [m["entity"]["reference"] for m in answer.json()["member"]] == ["Patient/m", "Patient/c"]


def finished():
    """Wait until the jobs that pages have begun are done."""
    for thread in threading.enumerate():
        if thread.name.startswith("job-"):
            thread.join(60)


def test_refreshing_goes_on_in_the_background_and_says_how_far(steward, link):
    link.execute("DELETE FROM identity_resident")

    answer = steward.post("/persons/register/refresh/")
    finished()

    assert answer["Location"] == "/persons/register/"
    assert residents.find(link, person(link, "m")) is not None
    said = steward.get("/persons/register/progress/", headers=HTMX)
    assert "已是最新" in text(said)
    assert said["HX-Refresh"] == "true"


def test_household_is_formed_for_who_is_in_none(steward, link):
    households.leave(link, person=person(link, "m"), until=NOW.date(), actor=SYSTEM, now=NOW)

    steward.post(f"/persons/{person(link, 'm')}/", {"act": "household"})

    (member,) = households.members(link, household(link))
    assert (member.person, member.relation) == (person(link, "m"), "02")


def test_household_of_somebody_whose_village_is_not_known_is_refused(steward, link):
    answer = steward.post(f"/persons/{person(link, 'x')}/", {"act": "household"})

    assert answer.status_code == 400
    assert "请先填报" in text(answer)
    assert households.of_person(link, [person(link, "x")]) is None


def test_archives_of_all_are_filed_in_the_background(steward, link):
    steward.post("/persons/archives/file/")
    finished()

    assert len(steward.get("/persons/archives/").context["rows"]) == 2


def test_contradiction_is_shown_whether_or_not_anybody_was_asked(steward, link):
    from xinglin.identity import actions

    with link.transaction():
        actions.merge(
            link, survivor=person(link, "m"), other=person(link, "s"), actor=people.STEWARD, reason="document"
        )

    assert "两个有效身份证号" in text(steward.get(f"/persons/{person(link, 'm')}/"))
