"""What can be read from C in Dovecot's style without compiling it: functions,
macros, arrays of strings, and which texts an argument can have."""

import dataclasses
import functools
import re

STRING = r'"(?:[^"\\\n]|\\.)*"'
WORD = re.compile(r"[A-Za-z_]\w*")
# A value is followed through that many calls.
MAX_DEPTH = 6


class Unresolved(Exception):
    """A text that only the running program knows."""


@dataclasses.dataclass(frozen=True)
class Function:
    path: str
    name: str
    parameters: tuple
    body: str
    static: bool


@dataclasses.dataclass(frozen=True)
class Call:
    # None outside of functions
    caller: Function
    arguments: tuple


@dataclasses.dataclass(frozen=True)
class Unit:
    """One file."""
    path: str
    text: str
    functions: dict
    macros: dict
    arrays: dict


def unquote(literal):
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(
        m[1], m[1]), literal[1:-1])


def without_comments(text):
    return re.sub(rf"({STRING}|'(?:\\.|[^'\\])')|/\*.*?\*/|//[^\n]*",
                  lambda m: m[1] or " ", text, flags=re.S)


def arguments(text, begin):
    """The arguments of the parenthesis (or brace) at begin, and what follows
    it."""
    found, depth, last, pos = [], 0, begin + 1, begin
    while pos < len(text):
        char = text[pos]
        if char in "\"'":
            pos = re.compile(rf"{STRING}|'(?:\\.|[^'\\])+'").match(
                text, pos).end()
            continue
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth == 0:
                found.append(text[last:pos].strip())
                return ([] if found == [""] else found), pos + 1
        elif char == "," and depth == 1:
            found.append(text[last:pos].strip())
            last = pos + 1
        pos += 1
    raise ValueError(f"no end: {text[begin:begin + 40]}")


def parameter_name(declaration):
    declaration = re.sub(r"\bATTR_\w+", "", declaration)
    pointer = re.search(r"\(\*(\w+)\)", declaration)
    words = WORD.findall(declaration)
    return pointer[1] if pointer else words[-1] if words else ""


def parse_functions(path, text):
    for body in re.finditer(r"^\{\n(.*?)^\}", text, re.S | re.M):
        head = re.split(r"\n\n|;|^\}|^#[^\n]*$", text[:body.start()],
                        flags=re.M)[-1]
        named = re.search(r"(\w+)\(", head)
        if named is None:
            continue
        parameters, _ = arguments(head, named.end() - 1)
        yield Function(path, named[1],
                       tuple(parameter_name(p) for p in parameters),
                       body[1], head.lstrip().startswith("static"))


@functools.lru_cache(maxsize=None)
def parse(path, source):
    text = without_comments(source)
    macros = {m[1]: m[2].replace("\\\n", " ").strip() for m in re.finditer(
        r"^#\s*define (\w+)[ \t]+((?:[^\n]*\\\n)*[^\n]*)", text, re.M)}
    arrays = {m[1]: arguments(text, m.end() - 1)[0] for m in re.finditer(
        r"\b(\w+)\[\w*\]\s*=\s*\{", text)}
    functions = {f.name: f for f in parse_functions(path, text)}
    return Unit(path, text, functions, macros, arrays)


class Code:
    """All of plugin/."""

    def __init__(self, tree):
        self.units = [parse(path, text) for path, text in
                      tree.matching("plugin/").items()
                      if not path.endswith("geotrip-migrations.c")]
        self.global_functions = {
            function.name: function for unit in self.units
            for function in unit.functions.values() if not function.static}
        self.macros = {name: value for unit in self.units
                       for name, value in unit.macros.items()}
        self._calls = {}

    def unit(self, path):
        return next(unit for unit in self.units if unit.path == path)

    def find(self, name, path):
        """The function of this name as the file sees it, or None."""
        return self.unit(path).functions.get(name) or \
            self.global_functions.get(name)

    def calls(self, name, path=None):
        """Calls of a function (or macro) in one file or in all of them."""
        if (name, path) not in self._calls:
            self._calls[name, path] = list(self._find_calls(name, path))
        return self._calls[name, path]

    def _find_calls(self, name, path):
        for unit in self.units:
            if path is not None and unit.path != path:
                continue
            for function in unit.functions.values():
                for call in re.finditer(rf"\b{name}\(", function.body):
                    yield Call(function, tuple(
                        arguments(function.body, call.end() - 1)[0]))

    def callers(self, function):
        return self.calls(function.name,
                          function.path if function.static else None)

    def reachable(self, function, same_file=False):
        """The function and all whose names can be reached from it."""
        found, todo = {}, [function]
        while todo:
            one = todo.pop()
            if (one.path, one.name) in found:
                continue
            found[one.path, one.name] = one
            for word in set(WORD.findall(one.body)):
                other = self.find(word, one.path)
                if other is not None and (
                        not same_file or other.path == one.path):
                    todo.append(other)
        return list(found.values())

    def texts(self, expression, function, depth=0):
        """All texts that an expression in a function can be."""
        expression = expression.strip()
        if depth > MAX_DEPTH:
            raise Unresolved(expression)
        constant = self.constant(expression)
        if constant is not None:
            return {constant}
        if expression == "NULL":
            return set()
        choice = split_choice(expression)
        if choice is not None:
            return set().union(*(self.texts(part, function, depth + 1)
                                 for part in choice))
        element = re.fullmatch(r"(\w+)\[.*\]", expression, re.S)
        if element is not None:
            return self._array(element[1], function)
        call = re.fullmatch(r"(\w+)\(.*\)", expression, re.S)
        if call is not None:
            return self._returned(call[1], function, depth)
        if WORD.fullmatch(expression):
            return self._variable(expression, function, depth)
        raise Unresolved(expression)

    def constant(self, expression):
        """A text of literals and macros of them, or None."""
        rest, parts = expression.strip(), []
        while rest:
            literal = re.match(STRING, rest)
            word = WORD.match(rest)
            if literal is not None:
                parts.append(unquote(literal[0]))
            elif word is not None and word[0] in self.macros:
                value = self.constant(self.macros[word[0]])
                if value is None:
                    return None
                parts.append(value)
            else:
                return None
            rest = rest[(literal or word).end():].lstrip()
        return "".join(parts) if parts else None

    def _array(self, name, function):
        elements = self.unit(function.path).arrays.get(name)
        if elements is None:
            raise Unresolved(name)
        return names_in(self, elements)

    def _returned(self, name, function, depth):
        called = self.find(name, function.path)
        if called is None:
            raise Unresolved(f"{name}()")
        values = [value.strip() for value in
                  re.findall(r"\breturn\b(.*?);", called.body, re.S)]
        # What comes beside literals is for what cannot be.
        literal = [value for value in values
                   if self.constant(value) is not None]
        return set().union(*(self.texts(value, called, depth + 1)
                             for value in literal or values))

    def _variable(self, name, function, depth):
        values = [m[1] for m in re.finditer(
            rf"\b{name}\s*=(?!=)(.*?)[;,]\s*$", function.body, re.S | re.M)]
        if values:
            return set().union(*(self.texts(value, function, depth + 1)
                                 for value in values))
        if name not in function.parameters:
            raise Unresolved(name)
        position = function.parameters.index(name)
        return set().union(*(
            self.texts(call.arguments[position], call.caller, depth + 1)
            for call in self.callers(function)))


def names_in(code, elements):
    """The texts in an initialiser, which may name its elements or have them
    in braces."""
    found = set()
    for element in elements:
        element = re.sub(r"^\[\w+\]\s*=\s*", "", element)
        if element.startswith("{"):
            element = (arguments(element, 0)[0] or [""])[0]
        value = code.constant(element)
        if value is not None:
            found.add(value)
    return found


def split_choice(expression):
    """The two values of "condition ? a : b", or None."""
    depth, question = 0, None
    for match in re.finditer(rf"{STRING}|[()?:]", expression):
        token = match[0]
        if token in "()":
            depth += 1 if token == "(" else -1
        elif depth == 0 and token == "?" and question is None:
            question = match.end()
        elif depth == 0 and token == ":" and question is not None:
            return expression[question:match.start()], \
                expression[match.end():]
    return None
