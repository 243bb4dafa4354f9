"""One writer: many jobs to a commit, each for itself, nobody told before it is on disk."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any

import pytest

from tests.conftest import Make
from tests.little_shop import LittleShop
from tihuo.ledger.database import DatabaseTrouble
from tihuo.shop.events import Event, GoodsReceived, SettingChanged
from tihuo.shop.words import Refusal
from tihuo.shop.work import Work, folds
from tihuo.stages import handing_over


def note(work: Work, text: str) -> str:
    """A job that leaves a row and a fact."""
    work.sql("INSERT INTO keep VALUES (?, ?)", (text, "noted"))
    work.record(SettingChanged(what="note", subject=text))
    return text


def note_and_fail(work: Work, text: str, error: Exception) -> None:
    note(work, text)
    raise error


def count_up(work: Work) -> int:
    """A job that must not happen twice."""
    row = work.one(
        "INSERT INTO keep VALUES ('count', 1) ON CONFLICT(name) DO UPDATE SET value = value + 1 RETURNING value"
    )
    assert row is not None
    work.record(GoodsReceived(sku="RICE", quantity=1))
    return int(row[0])


def notes(shop: LittleShop) -> list[str]:
    """What was noted, in the order of the journal; rows and facts agree."""
    facts = [event.subject for event in shop.events(SettingChanged)]
    rows = {name for (name,) in shop.sql("SELECT name FROM keep WHERE value = 'noted'")}
    assert rows == set(facts)
    return facts


@pytest.fixture
def still(make_shop: Make) -> LittleShop:
    """An empty shop whose writer is stepped by hand."""
    return make_shop(seeded=False, running=False)


def test_many_jobs_share_one_commit(still: LittleShop) -> None:
    answers = [still.writer.write(note, f"n{number}") for number in range(40)]
    assert still.writer.step(0)
    assert still.writer.commits == 1
    assert [answer.result(0) for answer in answers] == notes(still) == [f"n{number}" for number in range(40)]


def test_a_commit_takes_a_bounded_number_of_jobs(make_shop: Make) -> None:
    shop = make_shop(seeded=False, running=False, batch=8)
    answers = [shop.writer.write(note, f"n{number}") for number in range(20)]
    done = []
    while shop.writer.step(0):
        done.append(sum(answer.done() for answer in answers))
    assert done == [8, 16, 20]


def test_nobody_hears_yes_before_the_commit(still: LittleShop) -> None:
    seen = []

    def look(done: Future[Any]) -> None:
        seen.append((done.result(), notes(still)))

    still.writer.write(note, "a").add_done_callback(look)
    still.writer.write(note, "b").add_done_callback(look)
    assert seen == []
    still.writer.step(0)
    assert seen == [("a", ["a", "b"]), ("b", ["a", "b"])]


def test_order_is_kept_and_the_time_is_that_of_the_batch(still: LittleShop) -> None:
    for number in range(5):
        still.writer.write(note, f"n{number}", actor=f"person {number}")
    still.writer.step(0)
    still.clock.tick(70)
    still.do(note, "later")
    rows = still.sql("SELECT entry, at - ?, actor, json_extract(data, '$.subject') FROM journal", still.clock.now)
    assert rows == [(n + 1, -70, f"person {n}", f"n{n}") for n in range(5)] + [(6, 0, "box", "later")]


def test_urgent_jobs_overtake_what_is_queued(make_shop: Make) -> None:
    shop = make_shop(seeded=False, running=False, batch=4)
    for number in range(6):
        shop.writer.write(note, f"order{number}")
    shop.writer.write(note, "scan1", urgent=True)
    shop.writer.write(note, "scan2", urgent=True)
    while shop.writer.step(0):
        pass
    assert notes(shop) == ["scan1", "scan2", *(f"order{number}" for number in range(6))]


@pytest.mark.parametrize(
    "error",
    [
        Refusal("sold_out"),
        KeyError("a bug"),
        sqlite3.IntegrityError("a check"),
        sqlite3.OperationalError("no such column: hue"),
    ],
)
def test_a_job_that_fails_is_undone_alone(still: LittleShop, error: Exception) -> None:
    before = still.writer.write(note, "before")
    failed = still.writer.write(note_and_fail, "half", error)
    after = still.writer.write(note, "after")
    still.writer.step(0)
    assert failed.exception(0) is error
    assert (before.result(0), after.result(0)) == ("before", "after")
    assert notes(still) == ["before", "after"]
    assert (still.writer.commits, still.writer.trouble) == (1, "")


def test_a_wrong_statement_is_its_jobs_own_fault(still: LittleShop) -> None:
    wrong = still.writer.write(lambda work: work.sql("SELECT hue FROM keep"))
    broken_rule = still.writer.write(lambda work: work.sql("INSERT INTO keep VALUES ('epoch', 1)"))
    neighbour = still.writer.write(note, "neighbour")
    still.writer.step(0)
    assert isinstance(wrong.exception(0), sqlite3.OperationalError)
    assert isinstance(broken_rule.exception(0), sqlite3.IntegrityError)
    assert neighbour.result(0) == "neighbour"


def test_a_fact_that_cannot_be_written_down_fails_its_job_alone(still: LittleShop) -> None:
    unspeakable = still.writer.write(lambda work: work.record(SettingChanged(what="note", subject="\ud800")))
    neighbour = still.writer.write(note, "neighbour")
    still.writer.step(0)
    assert isinstance(unspeakable.exception(0), UnicodeError)
    assert neighbour.result(0) == "neighbour"
    assert notes(still) == ["neighbour"]


def test_a_refusal_is_no_trouble_of_the_writer_and_a_bug_is_logged(
    still: LittleShop, caplog: pytest.LogCaptureFixture
) -> None:
    still.writer.write(note_and_fail, "half", Refusal("sold_out"))
    still.writer.step(0)
    assert caplog.text == ""
    still.writer.write(note_and_fail, "half", KeyError("a bug"))
    still.writer.step(0)
    assert "note_and_fail" in caplog.text


def test_an_attempt_inside_a_job_is_undone_alone(still: LittleShop) -> None:
    def two_of_three(work: Work) -> str:
        note(work, "first")
        with suppress(Refusal), work.attempt():
            note(work, "second")
            with work.attempt():
                note(work, "inside the second")
            raise Refusal("not_that_one")
        return note(work, "third")

    assert still.do(two_of_three) == "third"
    assert notes(still) == ["first", "third"]


def test_the_same_wish_twice_happens_once(still: LittleShop) -> None:
    first = still.writer.write(count_up, once="tap 1")
    again = still.writer.write(count_up, once="tap 1")
    still.writer.step(0)
    later = still.writer.write(count_up, once="tap 1")
    other = still.writer.write(count_up, once="tap 2")
    still.writer.step(0)
    assert [each.result(0) for each in (first, again, later, other)] == [1, 1, 1, 2]
    assert len(still.events(GoodsReceived)) == 2


def test_a_wish_happens_once_though_a_neighbour_fails(still: LittleShop) -> None:
    first = still.writer.write(count_up, once="tap 1")
    bad = still.writer.write(note_and_fail, "half", Refusal("no"), once="tap 2")
    again = still.writer.write(count_up, once="tap 1")
    third = still.writer.write(note, "whole", once="tap 2")
    still.writer.step(0)
    assert isinstance(bad.exception(0), Refusal)
    assert [first.result(0), again.result(0), third.result(0)] == [1, 1, "whole"]
    assert (len(still.events(GoodsReceived)), notes(still)) == (1, ["whole"])
    assert still.sql("SELECT key, answer FROM once ORDER BY key") == [("tap 1", b"1"), ("tap 2", b'"whole"')]


def test_a_wish_is_remembered_when_the_box_starts_again(make_shop: Make) -> None:
    shop = make_shop(seeded=False, running=False)
    assert shop.do(count_up, once="tap 1") == 1
    shop.close()
    again = LittleShop(shop.path, running=False)
    assert again.do(count_up, once="tap 1") == 1
    assert again.do(count_up) == 2
    again.close()


def test_a_repeated_answer_is_of_the_kind_that_the_first_was(shop: LittleShop) -> None:
    shop.sell("o1", RICE=1)
    shop.sort()
    given = shop.do(handing_over.hand_over_by_code, shop.code("o1"), once="tap")
    assert shop.do(handing_over.hand_over_by_code, shop.code("o1"), once="tap") == given
    assert given.units == 1


def test_a_refused_wish_may_be_tried_again(still: LittleShop) -> None:
    first = still.writer.write(note_and_fail, "half", Refusal("not_yet"), once="tap")
    still.writer.step(0)
    assert isinstance(first.exception(0), Refusal)
    assert still.do(note, "whole", once="tap") == "whole"


def test_a_key_is_taken_once_and_given_back_when_the_job_fails(still: LittleShop) -> None:
    def take(work: Work, fail: bool) -> bool:
        taken = work.first_time("message 7")
        if fail:
            raise Refusal("malformed")
        return taken

    with pytest.raises(Refusal):
        still.do(take, True)
    assert [still.do(take, False), still.do(take, False)] == [True, False]


def test_a_wish_taken_back_before_its_turn_is_not_run(still: LittleShop) -> None:
    unwanted = still.writer.write(note, "unwanted")
    wanted = still.writer.write(note, "wanted")
    assert unwanted.cancel()
    still.writer.step(0)
    assert wanted.result(0) == "wanted"
    assert notes(still) == ["wanted"]
    with pytest.raises(CancelledError):
        unwanted.result(0)


calls: list[list[str]] = []


@folds
def note_all(work: Work, texts: list[str]) -> list[str]:
    """A stage that takes many at once; `bad` spoils them all."""
    calls.append(texts)
    for number, text in enumerate(texts):
        work.act_for(number)
        note(work, text)
    if "bad" in texts:
        raise Refusal("malformed")
    return [text.upper() for text in texts]


def test_jobs_that_fold_are_run_together_with_their_neighbours_only(still: LittleShop) -> None:
    calls.clear()
    answers = [still.writer.write(note_all, text, actor="cloud") for text in "ab"]
    answers.append(still.writer.write(note, "between"))
    answers += [still.writer.write(note_all, text, actor="cloud") for text in "cd"]
    answers.append(still.writer.write(note_all, "e", actor="somebody else", device="her phone"))
    still.writer.step(0)
    assert [answer.result(0) for answer in answers] == ["A", "B", "between", "C", "D", "E"]
    assert calls == [["a", "b"], ["c", "d", "e"]]
    assert notes(still) == ["a", "b", "between", "c", "d", "e"]
    assert still.sql("SELECT actor FROM journal WHERE entry > 4") == [("cloud",), ("somebody else @ her phone",)]


def test_one_bad_job_among_those_that_fold_fails_alone(still: LittleShop) -> None:
    answers = [still.writer.write(note_all, text) for text in ("a", "bad", "c")]
    still.writer.step(0)
    assert [answers[0].result(0), answers[2].result(0)] == ["A", "C"]
    assert isinstance(answers[1].exception(0), Refusal)
    assert notes(still) == ["a", "c"]
    assert still.writer.commits == 1


def test_wishes_with_names_fold_and_each_is_granted_once(still: LittleShop) -> None:
    calls.clear()
    first = [still.writer.write(note_all, text, once=text) for text in ("a", "b", "a")]
    still.writer.step(0)
    again = [still.writer.write(note_all, text, once=text) for text in ("b", "c", "a")]
    again.append(still.writer.write(note_all, "d"))
    still.writer.step(0)
    assert [answer.result(0) for answer in (*first, *again)] == ["A", "B", "A", "B", "C", "A", "D"]
    assert calls == [["a", "b"], ["c"], ["d"]]
    assert notes(still) == ["a", "b", "c", "d"]


def test_a_wish_that_folds_and_fails_is_not_granted(still: LittleShop) -> None:
    answers = [still.writer.write(note_all, text, once=text) for text in ("a", "bad", "c")]
    still.writer.step(0)
    assert isinstance(answers[1].exception(0), Refusal)
    assert still.sql("SELECT key FROM once ORDER BY key") == [("a",), ("c",)]
    assert notes(still) == ["a", "c"]


def test_listeners_hear_of_committed_facts_only(still: LittleShop) -> None:
    heard: list[list[Event]] = []
    still.writer.listen(lambda events: heard.append([*events, *still.events()]))
    still.writer.write(note_and_fail, "half", Refusal("no"))
    still.writer.write(lambda work: work.sql("UPDATE keep SET value = value"))
    still.writer.step(0)
    assert heard == []
    still.writer.write(note, "a")
    still.writer.write(note, "b")
    still.writer.step(0)
    fact_a, fact_b = SettingChanged(what="note", subject="a"), SettingChanged(what="note", subject="b")
    assert heard == [[fact_a, fact_b, fact_a, fact_b]]


def test_a_listener_that_fails_takes_nothing_with_it(still: LittleShop, caplog: pytest.LogCaptureFixture) -> None:
    heard = []

    def clumsy(_: list[Event]) -> None:
        raise ValueError("clumsy")

    still.writer.listen(clumsy)
    still.writer.listen(lambda events: heard.append(len(events)))
    assert still.do(note, "a") == "a"
    assert still.do(note, "b") == "b"
    assert heard == [1, 1]
    assert "clumsy" in caplog.text


def test_version_and_entry_go_on_after_a_restart(make_shop: Make) -> None:
    def stamp(work: Work) -> int:
        note(work, f"at {work.version}")
        return work.version

    shop = make_shop(seeded=False, running=False)
    first = shop.do(stamp)
    shop.close()
    again = LittleShop(shop.path, running=False)
    assert again.do(stamp) > first
    assert [entry for (entry,) in again.sql("SELECT entry FROM journal")] == [1, 2]
    again.close()


def test_a_command_may_write_beside_the_daemon(still: LittleShop) -> None:
    still.do(note, "daemon 1")
    command = LittleShop(still.path, running=False)
    command.do(note, "command")
    still.do(note, "daemon 2")
    command.do(note, "command 2")
    command.close()
    assert notes(still) == ["daemon 1", "command", "daemon 2", "command 2"]


def on_threads(count: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def test_closing_finishes_what_is_queued(make_shop: Make) -> None:
    shop = make_shop(seeded=False)
    answers = [shop.writer.write(note, f"n{number}", urgent=number % 7 == 0) for number in range(300)]
    shop.writer.close()
    assert not shop.writer.is_alive()
    assert sorted(answer.result(0) for answer in answers) == sorted(notes(shop))


def test_closing_finishes_what_is_queued_though_the_thread_never_ran(still: LittleShop) -> None:
    answer = still.writer.write(note, "a")
    still.writer.close()
    assert answer.result(0) == "a"


def test_whoever_comes_while_it_closes_is_answered_one_way_or_the_other(make_shop: Make) -> None:
    shop = make_shop(seeded=False)
    answers: list[Future[Any]] = []
    started = threading.Barrier(9)

    def ask(worker: int) -> None:
        started.wait()
        for number in range(200):
            answers.append(shop.writer.write(note, f"n{worker}-{number}"))
            if answers[-1].done() and answers[-1].exception(0) is not None:
                return

    def end(_: int) -> None:
        started.wait()
        shop.writer.close()

    on_threads(9, lambda number: end(number) if number == 8 else ask(number))
    told = [answer.exception(10) for answer in answers]
    assert {type(error) for error in told} <= {type(None), DatabaseTrouble}
    assert len(notes(shop)) == told.count(None)


def test_after_closing_every_wish_is_refused_and_closing_again_is_nothing(make_shop: Make) -> None:
    shop = make_shop(seeded=False)
    shop.writer.close()
    shop.writer.close()
    with pytest.raises(DatabaseTrouble, match="database_closed"):
        shop.writer.write(note, "late").result(0)


def test_the_thread_is_named_after_its_job_and_shows_that_it_lives(shop: LittleShop) -> None:
    assert (shop.writer.name, shop.writer.daemon) == ("writer", True)
    before = shop.writer.beat
    shop.do(note, "a")
    shop.do(note, "b")
    assert shop.writer.beat > before
