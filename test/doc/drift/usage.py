"""How a command is used: options and arguments, as the table of commands, its
usage text and the manual page have it."""

import dataclasses
import re

from . import ccode, mdoc


@dataclasses.dataclass
class Usage:
    # letter to the name of the argument, or None
    options: dict
    # name to whether it may be repeated
    arguments: dict

    def differences(self, other):
        """What only this one has, in words."""
        for letter, argument in self.options.items():
            if letter not in other.options:
                yield f"option -{letter}"
            elif argument != other.options[letter]:
                yield f'option -{letter} with "{argument or "no argument"}"'
        for name, repeated in self.arguments.items():
            if other.arguments.get(name) != repeated:
                yield f'argument "{name}{" ..." if repeated else ""}"'


@dataclasses.dataclass
class Parameter:
    # None: positional
    letter: str
    name: str
    kind: str


@dataclasses.dataclass
class Command:
    path: str
    name: str
    usage: Usage
    parameters: list
    function: ccode.Function

    def options(self):
        return {p.letter: p for p in self.parameters if p.letter}


def from_text(text):
    """The text that doveadm prints: [-a] [-t <time>] <user> [<user> ...]"""
    text = text.partition("\n")[0]
    options = {}

    def option(match):
        options[match[1]] = match[2]
        return " "

    rest = re.sub(r"-(\w)(?: <([^>]*)>)?", option, text)
    names = [name.split()[-1] for name in re.findall(r"<([^>]*)>", rest)]
    return Usage(options, {name: "..." in rest for name in names})


def from_macros(line):
    """The macros of the page: Fl a, Op Fl t Ar time, Ar user ..."""
    usage = Usage({}, {})
    letter = None
    for macro, arguments in line:
        if macro == "Fl":
            # "Fl a | w" is either of them, "Fl a | Ar mask" has no argument
            usage.options.update(dict.fromkeys(
                word for word in arguments if word != "|"))
            letter = arguments[0] if len(arguments) == 1 else None
        elif macro == "Ar" and letter is not None:
            usage.options[letter] = arguments[0]
            letter = None
        elif macro == "Ar":
            usage.arguments[arguments[0]] = "..." in arguments
        elif macro not in ("Op", "Oo"):
            letter = None
        if macro in ("Oo", "Op"):
            letter = None
    return usage


def parse_parameter(arguments):
    letter = re.fullmatch(r"'(.*)'", arguments[0])[1]
    return Parameter(None if letter == "\\0" else letter,
                     ccode.unquote(arguments[1]), arguments[2])


def commands_in(unit, code):
    for match in re.finditer(
            r"struct doveadm_cmd_ver2 (\w+) = \{(.*?)^\};", unit.text,
            re.S | re.M):
        body = match[2]
        head = body.partition("DOVEADM_CMD_PARAMS_START")[0]
        members = dict(
            re.fullmatch(r"\.(\w+)\s*=\s*(.*)", member, re.S).groups()
            for member in ccode.arguments(f"{{{head}}}", 0)[0] if member)
        parameters = [
            parse_parameter(ccode.arguments(body, call.end() - 1)[0])
            for call in re.finditer(r"DOVEADM_CMD_PARAM\(", body)]
        yield Command(unit.path,
                      code.constant(members["name"]).removeprefix("geotrip "),
                      from_text(code.constant(members["usage"])),
                      parameters,
                      unit.functions[members["cmd"]]), match[1]


def from_code(code):
    """The commands by name; those that doveadm does not get are left out."""
    registered = {name.lstrip("&") for unit in code.units
                  for elements in unit.arrays.values() for name in elements}
    return {command.name: command for unit in code.units
            for command, variable in commands_in(unit, code)
            if variable in registered}


def in_synopsis(page):
    """The lines of each command, put together. doveadm's own options come
    before the word geotrip."""
    found, line = {}, []
    for part in page.section("SYNOPSIS").lines + [[("Nm", [])]]:
        if part[0][0] == "Nm" and line:
            names = mdoc.words([line], "Cm")
            end = next(i for i, one in enumerate(line) if one[0] == "Cm")
            found[names[0].removeprefix("geotrip ")] = (
                from_macros(line[:end]), from_macros(line[end + 1:]))
            line = []
        line.extend(part)
    return found
