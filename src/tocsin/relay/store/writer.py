"""One thread writes; whatever waits goes into one transaction (group commit).

A durable commit costs one fsync, three milliseconds on an ordinary disk. So requests do not commit: they join
the group that is open, and the writer takes the whole group at once while the next one gathers. An answer is
given only after the group's commit. On SQLite this also spares writers from starving one another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import connection, transaction

from tocsin.errors import TocsinError

Question = TypeVar("Question")
Answer = TypeVar("Answer")
Work = Callable[[Sequence[Question]], Sequence[Answer | TocsinError]]
"""Does many requests of one kind inside the transaction; a refusal stands for its own request only."""


class _Group:
    """Requests that will share a commit, by the kind of work."""

    def __init__(self) -> None:
        self.done: Future[
            dict[int, Any]
        ]  # Any: a group mixes kinds of work; `do` gives each caller its own type
        self.n_requests = 0
        self._by_work: dict[Work[Any, Any], list[tuple[int, Any]]] = {}

    def join(self, work: Work[Question, Answer], question: Question) -> int:
        place = self.n_requests
        self.n_requests += 1
        self._by_work.setdefault(work, []).append((place, question))
        return place

    def run(self) -> dict[int, Any]:
        answers: dict[int, Any] = {}
        for work, asked in self._by_work.items():
            places, questions = zip(*asked, strict=True)
            answers.update(zip(places, work(questions), strict=True))
        return answers


class Writer:
    """The one thread of this process that writes to the database."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="relay-writer")
        self._lock = threading.Lock()
        self._open: _Group | None = None

    def do(self, work: Work[Question, Answer], question: Question) -> Answer:
        """Have a request done in the next transaction, and wait until it is durable.

        Raises
        ------
        TocsinError
            The work refused this request.
        DatabaseError
            Nothing of the group was kept.
        """
        with self._lock:
            if self._open is None:
                self._open = _Group()
                self._open.done = self._thread.submit(self._commit, self._open)
            group = self._open
            place = group.join(work, question)
        answer: Answer | TocsinError = group.done.result()[place]
        if isinstance(answer, TocsinError):
            raise answer
        return answer

    def _commit(self, group: _Group) -> dict[int, Any]:
        with self._lock:
            self._open = None
        connection.close_if_unusable_or_obsolete()
        with transaction.atomic():
            return group.run()


def one_by_one(rule: Callable[[Question], Answer]) -> Work[Question, Answer]:
    """Make work of a rule for single requests: each in its own savepoint, so a refused one leaves nothing."""

    def work(questions: Sequence[Question]) -> list[Answer | TocsinError]:
        answers: list[Answer | TocsinError] = []
        for question in questions:
            try:
                with transaction.atomic():
                    answers.append(rule(question))
            except TocsinError as refusal:
                answers.append(refusal)
        return answers

    return work


writer = Writer()
