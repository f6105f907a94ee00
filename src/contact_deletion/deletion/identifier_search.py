"""Searches for the contacts of identifiers of one type."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from contact_deletion.deadline import Deadline
from contact_deletion.deletion.packing import runs
from contact_deletion.errors import Deferred, Failure, InvalidRequest, SendGridRefused, SendGridUnavailable
from contact_deletion.requests import validation
from contact_deletion.requests.identifiers import CONTACT_FIELDS, IdentifierType, canonical
from contact_deletion.requests.resolution import INVALID, NOT_FOUND
from contact_deletion.sendgrid.ask_each import ask_each
from contact_deletion.sendgrid.client import MAX_LOOKED_UP, SendGridClient

# The addresses for which Twilio's specification has a key in the result. What SendGrid does with others is not known,
# so they are in calls of their own.
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,6}")

# Twilio docs: Get Contacts by Emails.
_MAX_SEARCHED_EMAIL = 100
_NO_CONTACT = "contact not found"

# One bad value among 100 is found in 7 divisions. SendGrid blocks accounts for too many bad requests, so the rest of
# very many is left for the next invocation.
MAX_DIVISIONS = 64

TOO_MANY_REFUSED = SendGridUnavailable("SendGrid refuses many identifiers; the others are searched for later")
_UNCLEAR = SendGridUnavailable(
    "SendGrid's result of the search does not say whether a contact has the identifier"
)


@dataclass(frozen=True)
class Hit:
    """A contact that has the identifier, which for `is_alternate` is an e-mail address beside its own."""

    contact_id: str
    is_alternate: bool = False


# A contact; NOT_FOUND or INVALID; or why it is not known.
Answer = Hit | str | Failure
Entries = Mapping[str, Mapping[str, Any]]


class IdentifierSearch:
    """The search for identifiers of one type, 100 in a call, in which one bad value affects no other.

    `answers` are by the identifiers' canonical spelling.
    """

    def __init__(self, client: SendGridClient, identifier_type: IdentifierType, deadline: Deadline) -> None:
        self._client = client
        self._type = identifier_type
        self._deadline = deadline
        self.answers: dict[str, Answer] = {}

    def run(self, values: Iterable[str]) -> None:
        """Searches for each value. An address that no contact has as its own is searched for among the alternates."""
        spellings: dict[str, dict[str, None]] = defaultdict(dict)
        for value in values:
            spellings[canonical(self._type, value)].update(dict.fromkeys(_spellings(self._type, value)))
        known = {value: list(written) for value, written in spellings.items()}
        self._search(partial(self._client.search_identifiers, self._type), known, None, NOT_FOUND, INVALID)
        if self._type is IdentifierType.EMAIL:
            short = {
                value: [spelling for spelling in written if len(spelling) <= _MAX_SEARCHED_EMAIL]
                for value, written in known.items()
            }
            self._search(self._client.search_emails, short, NOT_FOUND)

    def _search(
        self,
        search: Callable[[Sequence[str], Deadline], Entries | None],
        spellings: Mapping[str, Sequence[str]],
        *open_answers: Answer | None,
    ) -> None:
        """One spelling after the other, of the values that have one of these answers by then."""
        for number in range(max(map(len, spellings.values()), default=0)):
            open_values = self._with_answer(spellings, *open_answers)
            self._round(
                search, [spellings[value][number] for value in open_values if number < len(spellings[value])]
            )

    def _with_answer(self, values: Iterable[str], *answers: Answer | None) -> list[str]:
        return [value for value in values if self.answers.get(value) in answers]

    def _round(
        self, search: Callable[[Sequence[str], Deadline], Entries | None], spellings: Sequence[str]
    ) -> None:
        """One bad value has its call refused, so a refused call is divided until the value stands alone."""

        def ask(chunk: tuple[str, ...]) -> Entries | SendGridRefused:
            try:
                found = search(chunk, self._deadline)
            except SendGridRefused as refused:
                return refused
            return {spelling: {"error": _NO_CONTACT} for spelling in chunk} if found is None else found

        undivided = self._take(ask_each(self._chunks(spellings), ask))
        divisions_left = MAX_DIVISIONS
        while undivided:
            chunk = undivided.pop()
            if divisions_left:
                divisions_left -= 1
                undivided += self._take(ask_each(runs(chunk, (len(chunk) + 1) // 2), ask))
            else:
                self._answer(chunk, TOO_MANY_REFUSED)

    def _chunks(self, spellings: Sequence[str]) -> Iterator[tuple[str, ...]]:
        plain: list[str] = []
        doubtful: list[str] = []
        for spelling in spellings:
            is_plain = self._type is not IdentifierType.EMAIL or _PLAIN_ADDRESS.fullmatch(spelling)
            (plain if is_plain else doubtful).append(spelling)
        yield from runs(plain, MAX_LOOKED_UP)
        yield from runs(doubtful, MAX_LOOKED_UP)

    def _take(
        self, asked: Mapping[tuple[str, ...], Entries | SendGridRefused | Deferred]
    ) -> list[tuple[str, ...]]:
        """Takes the answers, and returns the chunks that are to be divided."""
        undivided: list[tuple[str, ...]] = []
        for chunk, found in asked.items():
            if isinstance(found, SendGridRefused) and found.status == 400:
                if len(chunk) > 1:
                    undivided.append(chunk)
                else:
                    self._answer(chunk, INVALID)
            elif isinstance(found, Failure):
                self._answer(chunk, found)
            elif unclear := self._match(chunk, found):
                if len(chunk) > 1:
                    undivided.append(unclear)
                else:
                    self._answer(chunk, _UNCLEAR)
        return undivided

    def _match(self, chunk: tuple[str, ...], entries: Entries) -> tuple[str, ...]:
        """Takes the answers for the spellings that have a clear one, and returns the others.

        The keys of the entries are in lower case. The only entry of a call for one identifier is about it, whatever its
        key.
        """
        by_key: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for key, entry in entries.items():
            by_key[_key(self._type, key)].append(entry)
        unclear = []
        for spelling in chunk:
            about = list(entries.values()) if len(chunk) == 1 else by_key[_key(self._type, spelling)]
            answer = self._judge(spelling, about)
            if answer is None:
                unclear.append(spelling)
            else:
                self._answer((spelling,), answer)
        return tuple(unclear)

    def _judge(self, spelling: str, entries: Collection[Mapping[str, Any]]) -> Answer | None:
        """The answer by the contacts' own fields: a contact that has another identifier is not deleted."""
        hits = [hit for entry in entries if (hit := self._hit(spelling, entry.get("contact"))) is not None]
        if hits:
            return min(hits, key=lambda hit: hit.is_alternate)
        if entries and all(entry.get("error") == _NO_CONTACT for entry in entries):
            return NOT_FOUND
        return None

    def _hit(self, spelling: str, contact: object) -> Hit | None:
        if not isinstance(contact, dict):
            return None
        try:
            contact_id = validation.contact_id(contact.get("id"), "id")
        except InvalidRequest:
            return None
        if self._is_same(spelling, contact.get(CONTACT_FIELDS[self._type])):
            return Hit(contact_id)
        alternates = contact.get("alternate_emails") if self._type is IdentifierType.EMAIL else None
        if isinstance(alternates, list) and any(self._is_same(spelling, other) for other in alternates):
            return Hit(contact_id, is_alternate=True)
        return None

    def _is_same(self, spelling: str, held: object) -> bool:
        return isinstance(held, str) and canonical(self._type, held) == canonical(self._type, spelling)

    def _answer(self, spellings: Iterable[str], answer: Answer) -> None:
        """That a contact was found counts most, that the search was refused least."""
        for spelling in spellings:
            value = canonical(self._type, spelling)
            if answer == INVALID:
                self.answers.setdefault(value, answer)
            else:
                self.answers[value] = answer


def _spellings(identifier_type: IdentifierType, value: str) -> tuple[str, ...]:
    """The spellings by which a contact may have the identifier: as it is given, and as it is usual.

    Twilio's samples have phone numbers with the plus sign for contacts, and without it for a removal.
    """
    usual = canonical(identifier_type, value)
    if identifier_type is IdentifierType.PHONENUMBERID:
        return f"+{usual}", usual
    if identifier_type is IdentifierType.EMAIL:
        return usual, value.strip().lower()
    return value.strip(), usual


def _key(identifier_type: IdentifierType, text: str) -> str:
    return canonical(identifier_type, text).casefold()
