from collectors.model.level import Level
from collectors.model.practice import Practice
from console.engine.state import Freshness, Row, SourceState
from console.present.needs import Need, needs
from console.settings import Service
from tests.console.findings.readings import health, pool, queue
from tests.console.present.scene import finding, row, snapshot, source

WARNING, CRITICAL, UNKNOWN = Level.WARNING, Level.CRITICAL, Level.UNKNOWN


def services(**depends_on: str) -> dict[str, Service]:
    return {name: Service(name, tuple(needed.split())) for name, needed in depends_on.items()}


def told(found: tuple[Need, ...]) -> list[tuple[Level, str, str]]:
    return [(need.level, need.service, need.text) for need in found]


def down(service: str, reason: str = "readiness is down") -> Row:
    return row(health(service=service), CRITICAL, reason)


def test_where_all_is_well_nothing_is_needed() -> None:
    assert needs(snapshot([row(queue("a")), row(queue("b"), Level.NONE)]), {}) == ()


def test_findings_come_before_single_subjects_of_their_level_and_the_worse_level_first() -> None:
    rows = [row(queue("a"), WARNING, "a is deep"), row(queue("b"), CRITICAL, "b is deep")]
    findings = (finding("one", "orders", "all is lost"), finding("two", "catalog", "hm", level=WARNING))
    assert told(needs(snapshot(rows, findings=findings), {})) == [
        (CRITICAL, "orders", "all is lost"),
        (CRITICAL, "orders", "b is deep"),
        (WARNING, "catalog", "hm"),
        (WARNING, "orders", "a is deep"),
    ]


def test_a_subject_that_a_finding_covers_does_not_speak_for_itself() -> None:
    rows = [row(queue("mail"), CRITICAL, "dead 30"), row(queue("other"), CRITICAL, "dead 40")]
    findings = (finding("dead-letters", "orders", "30 dead jobs in mail", of=queue("mail")),)
    assert [need.text for need in needs(snapshot(rows, findings=findings), {})] == [
        "30 dead jobs in mail",
        "other: dead 40",
    ]


def test_a_reason_that_names_its_subject_does_not_name_it_twice() -> None:
    assert needs(snapshot([row(queue("mail"), CRITICAL, "mail is deep")]), {})[0].text == "mail is deep"


def test_evidence_key_and_what_to_press_come_along() -> None:
    (need,) = needs(snapshot([row(queue("a"), CRITICAL, "x", evidence=("y", "z"))]), {})
    assert need.evidence == ("y", "z")
    assert need.key == ("limits", "orders", queue("a").subject.id)
    (need,) = needs(snapshot(findings=(finding("one", "orders", "x", press="2, then Enter"),)), {})
    assert need.press == "2, then Enter"


def test_what_is_muted_gone_or_stale_does_not_shout() -> None:
    rows = [
        row(queue("a"), CRITICAL, "x", muted=True),
        row(queue("b"), CRITICAL, "x", freshness=Freshness.GONE),
        row(queue("c"), CRITICAL, "x", freshness=Freshness.STALE),
    ]
    live = source("source", Practice.QUEUES, "orders")
    assert needs(snapshot(rows, [live]), {}) == ()


def test_a_subject_that_belongs_to_no_service_stands_under_its_source() -> None:
    (need,) = needs(snapshot([row(pool(key="server", service=""), CRITICAL, "full")]), {})
    assert (need.service, need.text) == ("shop-db", "server: full")


def failing(name: str, why: str, service: str = "orders", **changed: float | None) -> SourceState:
    return source(name, Practice.QUEUES, service, why=why, **changed)  # type: ignore[arg-type]  # fields by name


def test_sources_that_fail_for_one_reason_stand_on_one_line() -> None:
    sources = [failing(f"jobs-{number}", "web-1: changed host key") for number in range(5)]
    sources += [failing("cache", "refused", "catalog", answered=None), source("well", Practice.CACHES)]
    assert told(needs(snapshot(sources=sources), {})) == [
        (
            UNKNOWN,
            "orders",
            "5 sources without fresh values: jobs-0, jobs-1, jobs-2 and 2 more: web-1: changed host key",
        ),
        (UNKNOWN, "catalog", "cache: refused"),
    ]


def test_a_source_that_is_late_without_a_failure_says_so() -> None:
    late = source("jobs", Practice.QUEUES, answered=60.0)
    assert told(needs(snapshot(sources=[late]), {})) == [(UNKNOWN, "jobs", "jobs: no answer by its deadline")]
    waiting = source("new", Practice.QUEUES, answered=None)
    assert needs(snapshot(sources=[waiting]), {}) == ()


def test_silence_is_worse_than_a_warning_and_less_than_a_critical() -> None:
    rows = [row(queue("a"), WARNING, "w"), row(queue("b"), CRITICAL, "c")]
    levels = [need.level for need in needs(snapshot(rows, [failing("x", "refused")]), {})]
    assert levels == [CRITICAL, UNKNOWN, WARNING]


def test_checks_fold_under_the_dependency_that_failed() -> None:
    rows = [
        down("orders"),
        down("catalog"),
        down("database", "liveness is down"),
        row(queue(), CRITICAL, "deep"),
    ]
    found = needs(snapshot(rows), services(orders="database", catalog="database", database=""))
    assert [(need.service, need.text) for need in found] == [
        ("database", "database-ready: liveness is down"),
        ("orders", "mail: deep"),
    ]
    assert found[0].evidence == ("2 checks of services that depend on it folded",)


def test_a_chain_folds_under_its_root() -> None:
    rows = [down("web"), down("orders"), down("database")]
    found = needs(snapshot(rows), services(web="orders", orders="database", database=""))
    assert [need.service for need in found] == ["database"]
    assert found[0].evidence == ("2 checks of services that depend on it folded",)


def test_services_that_depend_on_each_other_hide_nobody() -> None:
    rows = [down("web"), down("a"), down("b"), down("self")]
    found = needs(snapshot(rows), services(web="a", a="b", b="a", self="self"))
    assert [need.service for need in found] == ["web", "a", "b", "self"]


def test_a_dependency_folds_only_what_it_explains() -> None:
    declared = services(orders="catalog", catalog="")
    full = row(pool(key="catalog"), CRITICAL, "all slots are taken")
    slow = finding("gateway-slow", "orders", "slow", level=WARNING, of=health(service="orders"))
    lies = finding("lying-health", "orders", "lies", of=health(service="orders"))
    found = needs(snapshot([full], findings=(slow, lies)), declared)
    assert [need.text for need in found] == ["lies", "catalog: all slots are taken"]
    # a deep queue of another service explains no check, nor does a warning
    for cause in (
        row(queue(service="catalog"), CRITICAL, "deep"),
        row(health(service="catalog"), WARNING, "slow"),
    ):
        found = needs(snapshot([cause, down("orders")]), declared)
        assert {need.service for need in found} == {"catalog", "orders"}


def test_an_undeclared_service_folds_nowhere() -> None:
    assert len(needs(snapshot([down("orders"), down("database")]), {})) == 2


def test_one_of_many_instances_is_named_and_no_worse_than_its_service() -> None:
    rows = [row(health(instance=f"web-{number}")) for number in range(1, 12)]
    rows.append(row(health(instance="web-12"), CRITICAL, "readiness is down"))
    orders = {"orders": Service("orders", quorum=8)}
    assert told(needs(snapshot(rows), {})) == [(CRITICAL, "orders", "web-12 orders-ready: readiness is down")]
    assert told(needs(snapshot(rows), orders)) == [
        (WARNING, "orders", "web-12 orders-ready: readiness is down")
    ]
    assert needs(snapshot(rows), {"orders": Service("orders", quorum=12)})[0].level is CRITICAL
