"""Text → Question. The filter is read here, stages in ``stages``."""

import re

from console.logs.language.cursor import NAME, Cursor
from console.logs.language.literals import check
from console.logs.language.moments import REMEDY, span
from console.logs.language.names import FUNCTIONS, did_you_mean
from console.logs.language.stages import PERCENTILE, read_stages
from console.logs.language.syntax import (
    NOTES,
    Compare,
    Everything,
    Field,
    Filter,
    Literal,
    Note,
    Question,
    Sign,
    Text,
    When,
    all_of,
    negated,
    one_of,
)

MOST = 64 * 1024
"""Characters of a question."""

DEEPEST = 50
"""Parentheses within each other."""

WHEN = ("since", "until", "time")

_SIGN = re.compile(r"\?!=|!=|<=|>=|[:=<>~]")
_WRONG_SIGNS = {"==": "write = once", "!~": "write -field~pattern", "?=": "write = or :", "=~": "write ~"}
_LOWER = {"or": "OR", "and": "a blank, which means AND", "not": "- before what you do not want"}
_PARENTHESES = 'texts with ( ) or | stand in quotes: "f(x)"'


def parse(text: str) -> Question:
    """The question that ``text`` asks; raises QuestionError at the wrong character, with a remedy."""
    cursor = Cursor(text)
    if len(text) > MOST:
        cursor.fail(f"a question has {MOST:,} characters at most", "ask for less", MOST)
    reader = _FilterReader(cursor)
    cursor.skip()
    chosen: Filter = Everything() if cursor.ended or cursor.peek("|") else reader.either(0)
    cursor.skip()
    if cursor.peek(")"):
        cursor.fail("nothing is open that this could close", _PARENTHESES)
    stages = read_stages(cursor, records=chosen != Everything()) if cursor.take("|") else ()
    return Question(chosen, tuple(reader.when), stages)


class _FilterReader:
    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.when: list[When] = []

    def either(self, depth: int) -> Filter:
        """Terms with OR between them."""
        terms = [self._both(depth)]
        while self._word("OR"):
            terms.append(self._both(depth))
        return one_of(terms)

    def _both(self, depth: int) -> Filter:
        """Terms with blanks or AND between them, up to OR, a closing parenthesis, a bar or the end."""
        terms: list[Filter] = []
        asked = False
        while True:
            if self._stops():
                break
            if terms and self._word("AND") and self._stops():
                self.cursor.fail("AND wants something on its right", "write it, or leave AND out")
            asked = True
            term = self._term(depth)
            if term is not None:
                terms.append(term)
        if not asked:
            words = (
                "parentheses want something in them" if self.cursor.peek(")") else "OR wants something here"
            )
            self.cursor.fail(words, _PARENTHESES if self.cursor.peek(")") else "write it, or leave OR out")
        return all_of(terms)

    def _stops(self) -> bool:
        cursor = self.cursor
        cursor.skip()
        return cursor.ended or cursor.peek(")") or cursor.peek("|") or self._comes("OR")

    def _term(self, depth: int) -> Filter | None:
        """One term; None for ``since:`` and its like, which hold for the whole question."""
        cursor, start, inverted = self.cursor, self.cursor.at, False
        while cursor.peek("-") or cursor.peek("!") or self._comes("NOT"):
            cursor.at += 3 if cursor.peek("NOT") else 1
            inverted = not inverted
            if cursor.text[cursor.at - 1] == "T":
                cursor.skip()
            if cursor.ended or cursor.text[cursor.at].isspace() or cursor.text[cursor.at] in ")|":
                cursor.fail(
                    "this negates nothing", 'write what it negates right behind it, or "-" in quotes', start
                )
        if cursor.take("("):
            term: Filter | None = self._group(start, depth)
        else:
            term = self._quoted() if cursor.peek('"') else self._named()
        if term is None and (inverted or depth):
            where = "in parentheses" if depth else "negated"
            cursor.fail(
                f"a time holds for the whole question, not {where}", "take it out", start, cursor.at - start
            )
        return negated(term) if inverted and term is not None else term

    def _group(self, start: int, depth: int) -> Filter:
        cursor = self.cursor
        if depth >= DEEPEST:
            cursor.fail(f"parentheses nest {DEEPEST} deep at most", "ask more simply", cursor.at - 1)
        term = self.either(depth + 1)
        if not cursor.take(")"):
            cursor.fail("this parenthesis is not closed", "close it with )", start)
        return term

    def _quoted(self) -> Filter:
        """A phrase, or a field whose name stands in quotes."""
        cursor, start = self.cursor, self.cursor.at
        text = cursor.quoted()
        sign = cursor.match(_SIGN)
        if sign:
            return self._compare(Field(text), Sign(sign))
        if not text:
            cursor.fail("a phrase of nothing", "write * for everything", start, 2)
        return Text(text, quoted=True)

    def _named(self) -> Filter | None:
        """A field and what it is compared with, or a word; None for a time."""
        cursor, start = self.cursor, self.cursor.at
        raw = cursor.take(".")
        in_quotes = raw and cursor.peek('"')
        name = cursor.quoted() if in_quotes else cursor.match(NAME)
        if not name or (cursor.peek("://") and not in_quotes):
            cursor.at = start
            return self._bare()
        for wrong, remedy in _WRONG_SIGNS.items():
            if cursor.peek(wrong):
                cursor.fail(f"{wrong} is no comparison here", remedy, length=len(wrong))
        sign = cursor.match(_SIGN)
        if not sign:
            cursor.at = start
            return self._bare()
        if not raw and name == "is" and sign == ":":
            return self._note()
        if not raw and name in WHEN and sign == ":":
            self._when(name)
            return None
        return self._compare(Field(name, raw), Sign(sign))

    def _compare(self, field: Field, sign: Sign) -> Filter:
        cursor = self.cursor
        if sign in (Sign.HAS, Sign.IS) and cursor.take("("):
            return self._choices(field, sign, cursor.at - 1)
        return self._one(field, sign)

    def _one(self, field: Field, sign: Sign) -> Compare:
        cursor, at = self.cursor, self.cursor.at
        if cursor.peek('"'):
            literal = Literal(cursor.quoted(), quoted=True)
        else:
            literal = Literal(cursor.balanced() if sign is Sign.MATCHES else cursor.bare())
            if not literal.text:
                cursor.fail(
                    f"{field.label}{sign} wants a value", f'write {field.label}{sign}"" for an empty one'
                )
        compared = Compare(field, sign, literal)
        check(cursor, compared, at)
        return compared

    def _choices(self, field: Field, sign: Sign, opened: int) -> Filter:
        """``region:(eu OR us)``."""
        cursor = self.cursor
        terms: list[Filter] = []
        while True:
            cursor.skip()
            terms.append(self._one(field, sign))
            if self._word("OR"):
                continue
            cursor.skip()
            if cursor.take(")"):
                return one_of(terms)
            if cursor.ended:
                cursor.fail("this parenthesis is not closed", "close it with )", opened)
            cursor.fail("values stand with OR between them", f"write {field.label}{sign}(a OR b)")

    def _note(self) -> Note:
        cursor, at = self.cursor, self.cursor.at
        name = cursor.bare()
        if name not in NOTES:
            cursor.fail(f"is:{name[:40]} asks for nothing", did_you_mean(name, NOTES), at, len(name))
        return Note(name)

    def _when(self, word: str) -> None:
        cursor, at = self.cursor, self.cursor.at
        text = cursor.quoted() if cursor.peek('"') else cursor.bare()
        try:
            span(word, text, 1e9)
        except (ValueError, OverflowError):
            cursor.fail(f"{word}:{text[:40]} is no time", REMEDY, at, max(1, cursor.at - at))
        self.when.append(When(word, text))

    def _bare(self) -> Filter:
        cursor, start = self.cursor, self.cursor.at
        word = cursor.bare()
        if not word:
            cursor.fail("this cannot stand here", _PARENTHESES)
        if word in _LOWER:
            cursor.fail(
                f"{word} is a word to look for",
                f'write {_LOWER[word]}; "{word}" looks for it',
                start,
                len(word),
            )
        if cursor.peek("(") and (word in FUNCTIONS or PERCENTILE.fullmatch(word)):
            cursor.fail("stages stand behind a bar", f"write * | {word}(…)", start, len(word))
        return Everything() if word.strip("*") == "" else Text(word)

    def _comes(self, word: str) -> bool:
        """Whether a word in capitals comes next, as a word of its own."""
        cursor = self.cursor
        end = cursor.at + len(word)
        return cursor.peek(word) and (
            end >= len(cursor.text) or cursor.text[end].isspace() or cursor.text[end] in '()|"'
        )

    def _word(self, word: str) -> bool:
        self.cursor.skip()
        found = self._comes(word)
        self.cursor.at += len(word) if found else 0
        return found
