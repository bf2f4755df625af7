"""Recorded reviews put together to the requests that they were part of.

An API server asks the webhooks of one request one after the other, each with a uid of its own, so that
nothing names the request: reviews count as one request when they are alike in what is asked of which object
by whom, come soon after each other, and are not two of the same webhook. A refused one ends its request.
"""

import zlib
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from propolis.core.errors import DocumentError
from propolis.policy.engine.admission_record import RecordedOutcome, RecordedRequest, decode_request
from propolis.policy.model.admission_review import AdmissionRequest
from propolis.store.database import Database
from propolis.store.review_queries import Kind, StoredReview, blobs, recorded_reviews

WINDOW = timedelta(seconds=30)
"""The longest that all webhooks of one request may take."""
REINVOKED = timedelta(seconds=2)
"""A mutating webhook may be asked a second time so soon after."""
MOST_REMEMBERED = 4_000
"""Requests that are kept decoded."""

Identity = tuple[str, ...]


class Replayable(msgspec.Struct, frozen=True):
    """One request as it was, with what was decided.

    Attributes:
        at: When it was asked first.
        blob: The number of its content in the store.
        answers: The numbers of the answers to look-ups.
        policies: The numbers of what says which policies there were.
        outcomes: What did not let it pass.
    """

    at: datetime
    blob: int
    recorded: RecordedRequest
    request: AdmissionRequest
    answers: tuple[int, ...]
    policies: frozenset[int]
    allowed: bool
    outcomes: tuple[RecordedOutcome, ...]


class _Open:
    """A request of which more reviews may come."""

    def __init__(self, review: StoredReview) -> None:
        self.reviews = [review]
        self.last = review.at

    def takes(self, review: StoredReview) -> bool:
        """Whether a review is part of it."""
        if review.at - self.last > WINDOW or not all(one.allowed for one in self.reviews):
            return False
        slots = {(one.webhook, one.chosen) for one in self.reviews}
        if (review.webhook, review.chosen) not in slots:
            return True
        is_first_phase = all(one.webhook == "mutate" for one in self.reviews)
        return review.webhook == "mutate" and is_first_phase and review.at - self.last <= REINVOKED

    def add(self, review: StoredReview) -> None:
        """Takes one more."""
        self.reviews.append(review)
        self.last = review.at


class RequestReader:
    """Reads the requests of one store.

    Attributes:
        read: Reviews that were read.
        unreadable: Reviews whose content cannot be read.
    """

    def __init__(self, database: Database) -> None:
        self.read = 0
        self.unreadable = 0
        self._database = database
        self._requests: OrderedDict[int, tuple[RecordedRequest, AdmissionRequest]] = OrderedDict()

    def requests(self, since: datetime, until: datetime, kinds: Collection[Kind]) -> Iterator[Replayable]:
        """Requests of some kinds, about in the order of time. Raises `SourceError`."""
        waiting: dict[Identity, _Open] = {}
        for page in recorded_reviews(self._database, since, until, kinds):
            self._load(page)
            for review in page:
                self.read += 1
                if review.request not in self._requests:
                    self.unreadable += 1
                    continue
                identity = _identity(self._requests[review.request][1])
                found = waiting.get(identity)
                if found is not None and found.takes(review):
                    found.add(review)
                    continue
                if found is not None:
                    yield self._put_together(found)
                waiting[identity] = _Open(review)
            yield from self._done(waiting, page[-1].at)
        for left in waiting.values():
            yield self._put_together(left)

    def _done(self, waiting: dict[Identity, _Open], now: datetime) -> Iterator[Replayable]:
        for identity in [identity for identity, one in waiting.items() if now - one.last > WINDOW]:
            yield self._put_together(waiting.pop(identity))

    def _load(self, page: Iterable[StoredReview]) -> None:
        missing = {one.request for one in page} - self._requests.keys()
        for number, body in blobs(self._database, missing).items():
            try:
                recorded = decode_request(inflated(body))
                self._requests[number] = recorded, recorded.parsed()
            except (DocumentError, msgspec.DecodeError, UnicodeError, RecursionError):
                continue
        while len(self._requests) > MOST_REMEMBERED:
            self._requests.popitem(last=False)

    def _put_together(self, one: _Open) -> Replayable:
        """The request as the last validating webhook saw it: after all changes."""
        reviews = one.reviews
        judged = next((review for review in reversed(reviews) if review.webhook == "validate"), reviews[-1])
        recorded, request = self._content(judged.request)
        return Replayable(
            reviews[0].at,
            judged.request,
            recorded,
            request,
            tuple(sorted({review.answers for review in reviews if review.answers is not None})),
            frozenset(review.policies for review in reviews),
            all(review.allowed for review in reviews),
            tuple(_outcomes(reviews)),
        )

    def _content(self, number: int) -> tuple[RecordedRequest, AdmissionRequest]:
        if number not in self._requests:
            recorded = decode_request(inflated(blobs(self._database, [number])[number]))
            self._requests[number] = recorded, recorded.parsed()
        return self._requests[number]


def inflated(body: bytes) -> bytes:
    """The content of a blob.

    Raises:
        DocumentError: It is damaged.
    """
    try:
        return zlib.decompress(body)
    except zlib.error as error:
        raise DocumentError(f"recorded content is damaged: {error}") from error


def _identity(request: AdmissionRequest) -> Identity:
    metadata = (request.object or {}).get("metadata")
    prefix = metadata.get("generateName", "") if isinstance(metadata, dict) else ""
    return (
        request.operation,
        *(request.resource.get(part, "") for part in ("group", "version", "resource")),
        request.sub_resource,
        request.namespace,
        request.name or str(prefix),
        request.user_info.username,
    )


def _outcomes(reviews: Iterable[StoredReview]) -> Iterator[RecordedOutcome]:
    seen: set[RecordedOutcome] = set()
    for review in reviews:
        for outcome in msgspec.convert(review.outcomes, list[RecordedOutcome]):
            if outcome not in seen:
                seen.add(outcome)
                yield outcome
