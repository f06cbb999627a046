"""Who blocks whom, as a tree: those who only block first, those who wait below them."""

from collections.abc import Mapping


def tree(blocked_by: Mapping[int, tuple[int, ...]]) -> list[tuple[int, int]]:
    """(pid, depth) in drawing order; each pid once, under the first of its blockers; rings are cut."""
    children: dict[int, list[int]] = {}
    for pid, blockers in blocked_by.items():
        for blocker in blockers[:1]:
            children.setdefault(blocker, []).append(pid)
    known = set(blocked_by) | set(children)
    roots = [pid for pid in sorted(known) if not blocked_by.get(pid)]
    ordered: list[tuple[int, int]] = []
    seen: set[int] = set()

    def walk(pid: int, depth: int) -> None:
        if pid in seen:
            return
        seen.add(pid)
        ordered.append((pid, depth))
        for child in sorted(children.get(pid, ())):
            walk(child, depth + 1)

    for pid in [*roots, *sorted(known)]:
        walk(pid, 0)
    return ordered
