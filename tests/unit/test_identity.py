"""Persons, their roles and delegations, and the people of the local system."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.errors import Forbidden, NotFound, Unauthenticated
from functions.domain.identity import Delegation, Person, Session, from_claims, kind_of
from infra.local.identity import USERS, Directory, LocalIdentity, UsersInvalid, agency_roles, load_directory

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def lent(role: str = "pupr/head", *, by: str = "slamet", since: datetime = NOON) -> Delegation:
    return Delegation(role, by, since, since + DAY)


def officer(*roles: str, delegated: tuple[Delegation, ...] = ()) -> Person:
    return Person("yuni", "Yuni Astuti", frozenset(roles), delegated)


class TestRoles:
    def test_holds_own_roles_at_any_time(self) -> None:
        person = officer("pupr/secretariat")

        assert person.holds("pupr/secretariat", NOON - 9000 * DAY)
        assert not person.holds("pupr/head", NOON)

    @pytest.mark.parametrize(
        ("now", "held"),
        [(NOON - MOMENT, False), (NOON, True), (NOON + DAY - MOMENT, True), (NOON + DAY, False)],
    )
    def test_a_lent_role_is_held_from_its_beginning_until_before_its_end(
        self, now: datetime, held: bool
    ) -> None:
        person = officer("pupr/secretariat", delegated=(lent(),))

        assert person.holds("pupr/head", now) is held
        assert person.on_behalf_of("pupr/head", now) == ("slamet" if held else None)

    def test_a_period_is_the_same_moment_in_every_time_zone(self) -> None:
        person = officer(delegated=(lent(),))
        jakarta = timezone(timedelta(hours=7))

        assert person.holds("pupr/head", NOON.astimezone(jakarta))

    def test_an_own_role_is_held_on_behalf_of_nobody(self) -> None:
        person = officer("pupr/head", delegated=(lent(),))

        assert person.on_behalf_of("pupr/head", NOON) is None

    def test_the_earliest_of_several_lenders_counts(self) -> None:
        person = officer(delegated=(lent(by="wulan"), lent(by="slamet", since=NOON - DAY / 2)))

        assert person.on_behalf_of("pupr/head", NOON) == "slamet"

    def test_a_lent_role_opens_its_agency_only_for_the_period(self) -> None:
        person = officer("pupr/tpt", delegated=(lent("dlh/environment"),))

        assert person.agencies == {"pupr"}
        assert person.agencies_at(NOON) == {"pupr", "dlh"}
        assert person.agencies_at(NOON + DAY) == {"pupr"}

    @pytest.mark.parametrize(
        ("roles", "kind"),
        [
            ((), "applicant"),
            (("pupr/tpt",), "officer"),
            (("dpmptsp/records",), "officer"),
            (("dpmptsp/integrator",), "integrator"),
            (("dpmptsp/integrator", "dpmptsp/operator"), "officer"),
            (("pupr/supervisor", "pupr/tpt"), "supervisor"),
            (("dpmptsp/admin", "pupr/supervisor"), "admin"),
        ],
    )
    def test_the_kind_follows_from_the_roles(self, roles: tuple[str, ...], kind: str) -> None:
        assert kind_of(roles) == kind

    def test_a_lent_role_makes_nobody_a_supervisor(self) -> None:
        assert officer("pupr/tpt", delegated=(lent("pupr/supervisor"),)).kind == "officer"


class TestClaims:
    def test_reads_a_person(self) -> None:
        claims = {
            "sub": "0b5e",
            "preferred_username": "yuni",
            "name": "Yuni Astuti",
            "email": "yuni@pupr.example",
            "phone_number": "+628000000401",
            "locale": "en-GB",
            "loket:roles": ["pupr/secretariat"],
            "loket:employee_number": "198906162013022001",
            "something": {"else": 1},
        }

        person = from_claims(claims)

        assert person == Person(
            username="yuni",
            name="Yuni Astuti",
            roles=frozenset({"pupr/secretariat"}),
            email="yuni@pupr.example",
            phone="+628000000401",
            employee_number="198906162013022001",
            language="en",
        )

    @pytest.mark.parametrize(
        "value",
        [
            ["pupr/tpt", "dpmptsp/head"],
            ("pupr/tpt", "dpmptsp/head"),
            "pupr/tpt dpmptsp/head",
            "pupr/tpt,dpmptsp/head",
            "[pupr/tpt, dpmptsp/head]",
            '["pupr/tpt","dpmptsp/head"]',
            [
                "pupr/tpt",
                "dpmptsp/head",
                "ap-southeast-3_x_Google",
                "PUPR/HEAD",
                "head",
                "a/b/c",
                "pupr/",
                7,
                None,
            ],
        ],
    )
    def test_reads_the_roles_in_the_shapes_that_issuers_send(self, value: object) -> None:
        person = from_claims({"sub": "yuni", "cognito:groups": value}, roles_claim="cognito:groups")

        assert person.roles == {"pupr/tpt", "dpmptsp/head"}

    @pytest.mark.parametrize("value", [None, 1, True, {"pupr/tpt": True}, "", []])
    def test_gives_no_role_for_a_claim_that_is_no_list_of_roles(self, value: object) -> None:
        assert from_claims({"sub": "yuni", "loket:roles": value}).roles == frozenset()

    def test_gives_no_role_for_a_claim_of_another_name(self) -> None:
        assert from_claims({"sub": "yuni", "cognito:groups": ["pupr/tpt"]}).roles == frozenset()

    @pytest.mark.parametrize(
        ("claims", "username"),
        [
            ({"sub": "1", "cognito:username": "yuni", "preferred_username": "slamet"}, "yuni"),
            ({"sub": "1", "preferred_username": "yuni"}, "yuni"),
            ({"sub": "1", "username": "yuni"}, "yuni"),
            ({"sub": "1"}, "1"),
        ],
    )
    def test_takes_the_username_that_its_owner_can_change_least(
        self, claims: dict[str, str], username: str
    ) -> None:
        assert from_claims(claims).username == username

    @pytest.mark.parametrize(
        "username", ["", "system", "law", "Law", "a b", "a/b", "a#b", "a\nb", "x" * 129, None, 7, ["yuni"]]
    )
    def test_refuses_a_name_that_could_not_stand_in_the_history(self, username: object) -> None:
        with pytest.raises(Forbidden) as refusal:
            from_claims({"preferred_username": username})

        assert refusal.value.rule == "named_person"

    def test_a_reserved_username_does_not_fall_back_to_the_subject(self) -> None:
        with pytest.raises(Forbidden):
            from_claims({"preferred_username": "system", "sub": "yuni"})


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
roles = st.from_regex(r"\A[a-z][a-z0-9-]{0,8}/[a-z][a-z0-9-]{0,8}\Z")
times = st.datetimes(timezones=st.just(UTC))
delegations = st.builds(Delegation, roles, words, times, times)
people = st.builds(
    Person,
    username=words,
    name=words,
    roles=st.frozensets(roles, max_size=4),
    delegated=st.lists(delegations, max_size=3).map(tuple),
    email=st.none() | words,
    phone=st.none() | words,
    employee_number=st.none() | words,
    language=st.sampled_from(["id", "en"]),
)


class TestContext:
    @given(people)
    def test_a_person_comes_back_as_they_went(self, person: Person) -> None:
        assert Person.from_context(person.to_context()) == person

    @given(people)
    def test_every_value_is_plain_text_that_api_gateway_hands_on(self, person: Person) -> None:
        context = person.to_context()

        for value in context.values():
            assert value.isascii()
            assert value.isprintable()
            assert not set(value) & set("\"'\\")

    def test_what_api_gateway_adds_is_passed_over(self) -> None:
        person = officer("pupr/tpt")
        context = {**person.to_context(), "principalId": "yuni", "integrationLatency": 12}

        assert Person.from_context(context) == person

    @pytest.mark.parametrize("context", [{}, {"principalId": "yuni"}, {"username": ""}, {"username": 7}])
    def test_a_context_without_a_username_is_nobody(self, context: dict[str, object]) -> None:
        with pytest.raises(Unauthenticated):
            Person.from_context(context)

    @pytest.mark.parametrize("delegated", ["pupr/head", "pupr/head,slamet,yesterday,today", ",,,"])
    def test_a_delegation_that_cannot_be_read_is_refused(self, delegated: str) -> None:
        with pytest.raises(Unauthenticated):
            Person.from_context({"username": "yuni", "delegated": delegated})

    def test_a_session_comes_back_as_it_went(self) -> None:
        session = Session(officer("pupr/tpt"), NOON)

        assert Session.from_context(session.to_context()) == session

    @pytest.mark.parametrize("expires_at", [None, "", "soon", "9" * 30])
    def test_a_session_without_an_end_is_refused(self, expires_at: str | None) -> None:
        context = {**officer().to_context(), "expires_at": expires_at}

        with pytest.raises(Unauthenticated):
            Session.from_context(context)

    def test_a_session_ends_at_its_end(self) -> None:
        session = Session(officer("pupr/tpt"), NOON)

        assert session.person_at(NOON - MOMENT) == session.person
        with pytest.raises(Unauthenticated, match="ended"):
            session.person_at(NOON)


@pytest.fixture(scope="module")
def directory() -> Directory:
    return load_directory()


class TestDemoUsers:
    @pytest.mark.parametrize("role", agency_roles())
    def test_every_role_has_two_holders_who_hold_no_other(self, directory: Directory, role: str) -> None:
        assert len([user for user in directory.holders(role) if user.roles == (role,)]) >= 2

    @pytest.mark.parametrize("role", agency_roles())
    def test_the_first_holder_of_a_role_holds_no_other(self, directory: Directory, role: str) -> None:
        assert directory.holders(role)[0].roles == (role,)

    def test_one_person_decides_at_both_ends_so_that_four_eyes_can_be_tried(
        self, directory: Directory
    ) -> None:
        assert {"pupr/head", "dpmptsp/head"} in [set(user.roles) for user in directory.users]

    def test_there_are_applicants_of_both_sorts_who_can_be_reached(self, directory: Directory) -> None:
        applicants = [user for user in directory.users if not user.roles]

        counted = Counter(audience for user in applicants for audience in user.audiences)
        assert len(applicants) >= 6
        assert min(counted["citizens"], counted["businesses"]) >= 3
        assert all(user.email and user.phone for user in applicants)

    def test_a_user_may_file_what_their_audiences_may(self, directory: Directory) -> None:
        issuer = LocalIdentity("http://localhost", directory, services_for=lambda who: sorted(who))

        listed = {user["username"]: user for user in issuer.users()}

        assert listed["siti"] == {
            "username": "siti",
            "name": "Siti Rahmawati",
            "kind": "applicant",
            "roles": [],
            "services": ["citizens"],
        }
        assert listed["yuni"] == {
            "username": "yuni",
            "name": "Yuni Astuti",
            "kind": "officer",
            "roles": ["pupr/secretariat"],
            "services": ["agencies", "citizens", "employees"],
            "employee_number": "198906162013022001",
        }

    def test_services_that_are_listed_replace_those_of_the_audiences(self, directory: Directory) -> None:
        siti = directory.user("siti").model_copy(update={"services": ("hajj-registration",)})
        issuer = LocalIdentity("http://localhost", directory.model_copy(update={"users": (siti,)}))

        assert issuer.users()[0]["services"] == ["hajj-registration"]

    def test_an_unknown_user_is_not_found(self, directory: Directory) -> None:
        with pytest.raises(NotFound):
            LocalIdentity("http://localhost", directory).token("nobody")


SMALL = """\
users:
  - {username: teguh, name: Teguh, roles: [pupr/tpt], employee_number: "198003242005011003"}
  - username: nurul
    name: Nurul
    roles: [pupr/tpt]
"""

ROLES = ["pupr/tpt"]


class TestUsersFile:
    @pytest.mark.parametrize(
        ("old", "new", "fault"),
        [
            ("name: Nurul", "nam: Nurul", "users.yaml:4: users.1.nam: Extra inputs"),
            (
                "    roles: [pupr/tpt]",
                "    roles: [pupr/tpr]",
                "users.yaml:5: users.1.roles.0: no agency has",
            ),
            (
                "    roles: [pupr/tpt]",
                "    roles: [Pupr]",
                "users.yaml:5: users.1.roles.0: String should match",
            ),
            (
                "    roles: [pupr/tpt]",
                "    language: en",
                "users.yaml:3: users.1: Value error, nurul is an applicant",
            ),
            ("username: nurul", "username: teguh", "users.yaml:3: users.1.username: teguh is taken"),
            (
                "username: nurul",
                "username: law",
                "users.yaml:3: users.1: Value error, 'law' cannot be a username",
            ),
            (
                "name: Nurul",
                'name: N\n    employee_number: "198003242005011003"',
                "users.1.employee_number: 1980",
            ),
            ("users:", "users: [", "users.yaml: while parsing"),
        ],
    )
    def test_a_fault_names_line_place_and_remedy(
        self, tmp_path: Path, old: str, new: str, fault: str
    ) -> None:
        path = tmp_path / USERS.name
        path.write_text(SMALL.replace(old, new), encoding="utf-8")

        with pytest.raises(UsersInvalid) as refusal:
            load_directory(path, ROLES)

        assert fault in str(refusal.value)

    def test_a_role_that_fewer_than_two_hold_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / USERS.name
        path.write_text(SMALL, encoding="utf-8")

        with pytest.raises(UsersInvalid) as refusal:
            load_directory(path, [*ROLES, "pupr/head", "dlh/environment"])

        assert refusal.value.faults == (
            "users.yaml:2: users: pupr/head is held by 0: give it to 2 more",
            "users.yaml:2: users: dlh/environment is held by 0: give it to 2 more",
        )

    def test_a_file_without_fault_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / USERS.name
        path.write_text(SMALL, encoding="utf-8")

        assert [user.username for user in load_directory(path, ROLES).users] == ["teguh", "nurul"]

    def test_an_empty_file_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / USERS.name
        path.write_text("", encoding="utf-8")

        with pytest.raises(UsersInvalid):
            load_directory(path, ROLES)
