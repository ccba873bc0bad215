"""Making a script that fails as short as it can be while it still fails."""

import ast
import re
from collections.abc import Callable, Iterator
from time import monotonic

Edits = Callable[[str], Iterator[str]]


def reduced(script: str, fails: Callable[[str], bool], seconds: float) -> str:
    """Return the shortest script found within the time that still fails.

    An edit may break the script, which then does not fail in the way that `fails` asks for.
    """
    stop = monotonic() + seconds
    seen = {script}
    shorter = True
    while shorter:
        shorter = False
        for edits in EDITS:
            k = 0
            while monotonic() < stop:
                candidate = next((c for n, c in enumerate(edits(script)) if n == k), None)
                if candidate is None:
                    break
                if candidate not in seen and fails(candidate):
                    script, shorter = candidate, True
                else:
                    k += 1
                seen.add(candidate)
    return script


def _statements(script: str) -> list[tuple[int, int, str | None]]:
    """Return the lines of each statement and the name that it makes, the last first."""
    found = []
    for node in ast.parse(script).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        name = target.id if isinstance(target, ast.Name) else None
        found.append((node.lineno - 1, node.end_lineno, name))
    return found[::-1]


def without_objects(script: str) -> Iterator[str]:
    """Leave out an object and all that mentions it."""
    for first, last, name in _statements(script):
        if name and name != "network" and not _is_constant(name):
            yield _without_name(script, name, (first, last))


def _is_constant(name: str) -> bool:
    return bool(re.fullmatch(r"k\w*", name))


def without_unused(script: str) -> Iterator[str]:
    """Leave out all constants that nothing mentions."""
    unused = [
        n for n in re.findall(r"\bk_?\d\w*\b", script) if len(re.findall(rf"\b{n}\b", script)) == 1
    ]
    for name in unused:
        script = re.sub(rf"(?m)^{name} = .*\n|'{name}': [^,}}]*(, )?", "", script)
    if unused:
        yield script


def _without_name(script: str, name: str, own: tuple[int, int]) -> str:
    lines = script.splitlines()
    kept = []
    for first, last, made in _statements(script)[::-1]:
        text = "\n".join(lines[first:last])
        if made == "network":
            kept.append(re.sub(rf"\b{name}\b(, )?", "", text).replace(", )", ")"))
        elif (first, last) != own and not re.search(rf"\b{name}\b", text):
            kept.append(text)
    return "\n".join(kept)


def without_statements(script: str) -> Iterator[str]:
    """Leave out a statement."""
    lines = script.splitlines()
    for first, last, name in _statements(script):
        if name != "network":
            yield "\n".join(lines[:first] + lines[last:])


def without_equations(script: str) -> Iterator[str]:
    """Leave out a line of equations, and the next places that set what it declares."""
    lines = script.splitlines()
    for k, line in enumerate(lines):
        if declared := re.match(r"    d?(\w+)(/dt)?\b.* : ", line):
            setting = re.compile(rf"\w+\.{declared[1]} = ")
            rest = lines[k + 1 :]
            owner = next((n for n, x in enumerate(rest) if re.match(r"\w+ = ", x)), len(rest))
            kept = [x for x in rest[:owner] if not setting.match(x)]
            yield "\n".join(lines[:k] + kept + rest[owner:])


def plain_equations(script: str) -> Iterator[str]:
    """Let a variable only decay, or a subexpression be a constant; all of them first."""
    decay = r"(?m)^    d(\w+)/dt = .*(?= : )"
    yield re.sub(decay, r"    d\1/dt = -\1/(2*ms)", script)
    for match in re.finditer(r"(?m)(?<=^    d)(\w+)(?=/dt)(/dt = )(.*)(?= : )", script):
        name = match[1]
        yield f"{script[: match.start()]}{name}/dt = -{name}/(2*ms){script[match.end() :]}"
    for match in re.finditer(r"(?m)(?<=^    )(s\d = )(.*)(?= : (1|volt))", script):
        value = {"1": "0.7", "volt": "0.7*mV"}[match[3]]
        yield f"{script[: match.start()]}{match[1]}{value}{script[match.end() :]}"


def without_arguments(script: str) -> Iterator[str]:
    """Leave out a named argument."""
    offsets = [0]
    for line in script.splitlines(keepends=True):
        offsets.append(offsets[-1] + len(line.encode()))
    text = script.encode()
    for node in ast.walk(ast.parse(script)):
        if isinstance(node, ast.keyword) and node.arg != "name":
            first = offsets[node.lineno - 1] + node.col_offset
            last = offsets[node.end_lineno - 1] + node.end_col_offset
            yield (text[:first].rstrip(b", \n") + text[last:]).decode()


def without_code(script: str) -> Iterator[str]:
    """Leave out one of several statements in a string."""
    for match in re.finditer(r"(?<=['n;])[^'\n;\\]+(;|\\n) ?|(;|\\n) ?[^'\n;\\]+(?=')", script):
        yield script[: match.start()] + script[match.end() :]


def without_terms(script: str) -> Iterator[str]:
    """Leave out a term of a sum, or one side of a conjunction."""
    for match in re.finditer(r" (\+|-|and|or) ", script):
        end = _end_of_term(script, match.end())
        yield script[: match.start()] + script[end:]


def _end_of_term(script: str, start: int) -> int:
    depth = 0
    for k in range(start, len(script)):
        depth += (script[k] in "([") - (script[k] in ")]")
        if depth < 0 or script[k] in "'\n":
            return k
        if depth == 0 and re.match(r" (\+|-|and|or|>|<|:) ", script[k : k + 5]):
            return k
    return len(script)


def with_numbers(script: str) -> Iterator[str]:
    """Put a number in the place of a call within equations, or of a list for all elements."""
    for match in re.finditer(r"(\w+)\(", script):
        inside = re.match(r"    \w.* = ", script[script.rfind("\n", 0, match.start()) + 1 :])
        if inside:
            yield script[: match.start()] + "0.7" + script[_end_of_term(script, match.end()) + 1 :]
    for match in re.finditer(r"(?m)(?<= = )\[([^],\n]+), [^]\n]*\](?=(\*\w+)?$)", script):
        yield script[: match.start()] + match[1] + script[match.end() :]
    for match in re.finditer(r"resize\(\[([^],]+)(, [^]]+)?\], len\(\w+\)\)", script):
        yield script[: match.start()] + match[1] + script[match.end() :]


def smaller(script: str) -> Iterator[str]:
    """Take fewer neurons, shorter runs, no part of a group."""
    for match in re.finditer(r"(?<=Group\()(\d+)(?=,)", script):
        for n in sorted({1, 2, int(match[0]) - 1} - {0, int(match[0])}):
            if n < int(match[0]):
                yield script[: match.start()] + str(n) + script[match.end() :]
    for match in re.finditer(r"(?<=network\.run\()([\d.]+)(?=\*us)", script):
        for n in (250, 500, float(match[0]) // 250 * 125):
            if 0 < n < float(match[0]):
                yield f"{script[: match.start()]}{n:g}{script[match.end() :]}"
    for match in re.finditer(r"(?<=\w)\[\d*:\d*\]", script):
        yield script[: match.start()] + script[match.end() :]


EDITS: tuple[Edits, ...] = (
    without_objects,
    without_unused,
    plain_equations,
    without_statements,
    without_arguments,
    without_equations,
    without_code,
    without_terms,
    with_numbers,
    smaller,
)
