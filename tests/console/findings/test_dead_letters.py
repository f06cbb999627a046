from collectors.model.level import Level
from console.engine.state import Freshness
from tests.console.findings.film import Film, rules
from tests.console.findings.readings import queue


def test_jobs_that_die_are_found_with_their_number_and_since_when() -> None:
    film = Film()
    film.calm(queue(dead=0))
    film.show(queue(dead=1))
    (found,) = film.show(queue(dead=3))
    assert rules((found,)) == [("dead-letters", "orders", Level.WARNING)]
    assert found.reason == "3 dead jobs in mail, 3 new within 4 s"
    assert found.since == film.now - 4
    assert found.subject == queue().subject.id
    assert found.press == "2, then a: retry"
    (found,) = film.show(queue(dead=12))
    assert found.level is Level.CRITICAL


def test_an_old_heap_of_dead_jobs_is_no_news() -> None:
    film = Film()
    film.calm(queue(dead=312), passes=200)


def test_new_dead_upon_an_old_heap_are_counted_without_it() -> None:
    film = Film()
    film.calm(queue(dead=312), passes=200)
    (found,) = film.show(queue(dead=314))
    assert found.reason == "314 dead jobs in mail, 2 new within 2 s"


def test_what_died_is_old_news_after_five_minutes_and_none_once_retried() -> None:
    film = Film(every=10.0)
    film.calm(queue(dead=0))
    assert film.show(queue(dead=5))
    shown = [bool(film.show(queue(dead=5))) for _ in range(40)]
    assert shown == [True] * 29 + [False] * 11
    assert film.show(queue(dead=6))
    assert film.show(queue(dead=0)) == ()


def test_a_heap_that_was_purged_and_grows_again_is_found() -> None:
    film = Film()
    film.calm(queue(dead=300))
    film.show(queue(dead=0))
    (found,) = film.show(queue(dead=4))
    assert found.reason == "4 dead jobs in mail, 4 new within 2 s"


def test_unknown_stale_and_muted_dead_are_not_judged() -> None:
    for reading, changed in (
        (queue(dead=None), {}),
        (queue(dead=9), {"freshness": Freshness.STALE}),
        (queue(dead=9), {"freshness": Freshness.GONE}),
        (queue(dead=9), {"muted": True}),
    ):
        film = Film()
        film.calm(queue(dead=0))
        assert film.show(reading, **changed) == ()


def test_the_first_look_at_a_heap_finds_nothing() -> None:
    assert Film().show(queue(dead=40)) == ()


def test_each_queue_is_found_on_its_own_the_worse_first() -> None:
    film = Film()
    film.calm(queue("mail"), queue("reports", "catalog"))
    found = film.show(queue("mail", dead=2), queue("reports", "catalog", dead=40))
    assert [(one.service, one.level) for one in found] == [
        ("catalog", Level.CRITICAL),
        ("orders", Level.WARNING),
    ]
