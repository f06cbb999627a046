"""Pickles read without running them: nothing is imported, looked up, made or called.

Python's own unpickler calls what a pickle names, and even with ``find_class`` taken from it, a pickle of a
few bytes makes it fill gigabytes of memo. Here the opcodes are walked as ``pickletools`` reads them, and
what would be a call becomes a Record of the call. Whatever holds a Record is for looking at alone.
"""

import pickletools
from collections.abc import Callable
from typing import Any

from collectors.inert_values import Pairs, Record, Set

MOST_BYTES = 64 * 1024
"""Larger pickles are not read."""

MOST_STEPS = 5_000
"""Opcodes that are walked: some milliseconds."""


class PayloadError(Exception):
    """Bytes that cannot be read as what they should be: why, in a few words."""


def loads(data: bytes) -> object:
    """The value of a pickle of any protocol, of inert parts alone; raises PayloadError and nothing else.

    Dicts become Pairs, sets Set, and all that would be imported or called becomes a Record. Parts may be
    shared, and a part may hold itself.
    """
    if len(data) > MOST_BYTES:
        raise PayloadError(f"a pickle of more than {MOST_BYTES // 1024} KiB")
    machine = _Machine()
    try:
        for steps, (opcode, argument, _place) in enumerate(pickletools.genops(data)):
            if steps >= MOST_STEPS:
                raise PayloadError(f"a pickle of more than {MOST_STEPS:,} steps")
            if opcode.name == "STOP":
                return machine.pop()
            machine.step(opcode.name, argument)
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, Warning) as error:
        # pickletools warns of odd escapes, and whoever runs us may have made warnings errors
        raise PayloadError(f"no whole pickle ({type(error).__name__})") from None
    raise PayloadError("a pickle without an end")


class _Machine:
    """The stack, the marks and the memo of a pickle."""

    def __init__(self) -> None:
        self.stack: list[object] = []
        self.marks: list[int] = []
        self.memo: dict[int, object] = {}

    def step(self, name: str, argument: Any) -> None:  # noqa: ANN401 - what an opcode carries
        """Take one opcode; those that are not known raise KeyError."""
        if name in _VALUES:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _PUTS:
            # the last two know their place by the count alone
            self.memo[len(self.memo) if argument is None else argument] = self.top()
        elif name in _GETS:
            self.stack.append(self.memo[argument])
        elif name in _NAMES:
            self.stack.append(Record(_NAMES[name](argument)))
        elif name not in _NOTHING:
            _STEPS[name](self, argument)

    def pop(self) -> object:
        """Take the top of the stack, never below the last mark."""
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise IndexError
        return self.stack.pop()

    def top(self) -> object:
        """The top of the stack."""
        return self.stack[-1]

    def above(self) -> list[object]:
        """Take all above the last mark, and the mark."""
        mark = self.marks.pop()
        found = self.stack[mark:]
        del self.stack[mark:]
        return found

    def taken(self, count: int) -> list[object]:
        """Take so many, in the order in which they were put."""
        return [self.pop() for _ in range(count)][::-1]

    def called(self, function: object, arguments: object) -> None:
        """What would be a call."""
        given = list(arguments) if isinstance(arguments, (list, tuple)) else [arguments]
        self.stack.append(Record("", function, given))


def _append(machine: _Machine, items: list[object]) -> None:
    target = machine.top()
    if isinstance(target, list):
        target.extend(items)
    elif isinstance(target, (Set, Record)):
        target.items.extend(items)
    else:
        raise TypeError


def _set_items(machine: _Machine, flat: list[object]) -> None:
    target = machine.top()
    if not isinstance(target, (Pairs, Record)):
        raise TypeError
    target.pairs.extend(zip(flat[::2], flat[1::2], strict=True))


def _pairs(flat: list[object]) -> Pairs:
    return Pairs(list(zip(flat[::2], flat[1::2], strict=True)))


def _mark(machine: _Machine, _argument: object) -> None:
    machine.marks.append(len(machine.stack))


def _pop(machine: _Machine, _argument: object) -> None:
    if machine.marks and machine.marks[-1] == len(machine.stack):
        machine.marks.pop()
    else:
        machine.pop()


def _stack_global(machine: _Machine, _argument: object) -> None:
    module, name = machine.taken(2)
    if not isinstance(module, str) or not isinstance(name, str):
        raise TypeError
    machine.stack.append(Record(f"{module}.{name}"))


def _reduce(machine: _Machine, _argument: object) -> None:
    machine.called(*machine.taken(2))


def _newobj_ex(machine: _Machine, _argument: object) -> None:
    function, arguments, named = machine.taken(3)
    machine.called(function, arguments)
    if isinstance(named, Pairs):
        machine.stack[-1].named = named  # type: ignore[attr-defined] # the Record that was just made


def _build(machine: _Machine, _argument: object) -> None:
    state = machine.pop()
    target = machine.top()
    if isinstance(target, Record):
        # a second state does not hide the first
        target.states.append(state)


def _inst(machine: _Machine, argument: Any) -> None:  # noqa: ANN401 - what an opcode carries
    machine.called(Record(_dotted(argument)), machine.above())


def _obj(machine: _Machine, _argument: object) -> None:
    function, *arguments = machine.above()
    machine.called(function, arguments)


def _dotted(argument: Any) -> str:  # noqa: ANN401 - what an opcode carries
    return ".".join(str(argument).split(" ", 1))


_VALUES = frozenset({
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING",
    "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "BINBYTES",
    "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
})  # fmt: skip
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_PUTS = frozenset({"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"})
_GETS = frozenset({"GET", "BINGET", "LONG_BINGET"})
_NOTHING = frozenset({"PROTO", "FRAME", "READONLY_BUFFER"})
_NAMES: dict[str, Callable[[Any], str]] = {
    "GLOBAL": _dotted,
    "EXT1": lambda code: f"extension {code}",
    "EXT2": lambda code: f"extension {code}",
    "EXT4": lambda code: f"extension {code}",
    "PERSID": lambda name: f"persistent {name}",
    "NEXT_BUFFER": lambda _none: "buffer",
}
_STEPS: dict[str, Callable[[_Machine, Any], object]] = {
    "MARK": _mark,
    "POP": _pop,
    "POP_MARK": lambda machine, _: machine.above(),
    "DUP": lambda machine, _: machine.stack.append(machine.top()),
    "EMPTY_LIST": lambda machine, _: machine.stack.append([]),
    "EMPTY_TUPLE": lambda machine, _: machine.stack.append(()),
    "EMPTY_DICT": lambda machine, _: machine.stack.append(Pairs([])),
    "EMPTY_SET": lambda machine, _: machine.stack.append(Set([])),
    "LIST": lambda machine, _: machine.stack.append(machine.above()),
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.above())),
    "TUPLE1": lambda machine, _: machine.stack.append(tuple(machine.taken(1))),
    "TUPLE2": lambda machine, _: machine.stack.append(tuple(machine.taken(2))),
    "TUPLE3": lambda machine, _: machine.stack.append(tuple(machine.taken(3))),
    "DICT": lambda machine, _: machine.stack.append(_pairs(machine.above())),
    "FROZENSET": lambda machine, _: machine.stack.append(Set(machine.above())),
    "APPEND": lambda machine, _: _append(machine, [machine.pop()]),
    "APPENDS": lambda machine, _: _append(machine, machine.above()),
    "ADDITEMS": lambda machine, _: _append(machine, machine.above()),
    "SETITEM": lambda machine, _: _set_items(machine, machine.taken(2)),
    "SETITEMS": lambda machine, _: _set_items(machine, machine.above()),
    "STACK_GLOBAL": _stack_global,
    "REDUCE": _reduce,
    "NEWOBJ": _reduce,
    "NEWOBJ_EX": _newobj_ex,
    "BUILD": _build,
    "INST": _inst,
    "OBJ": _obj,
    "BINPERSID": lambda machine, _: machine.called(Record("persistent"), [machine.pop()]),
}
