"""Commands, their options, columns and lines, and exit codes, in the code and
in the manual page."""

import os
import re

from . import ccode, mdoc, settings, usage
from .ccode import Unresolved

PAGE = "man/doveadm-geotrip.1"
README = "README.md"
# doveadm's own: -D, -v, and -f formatter
GLOBAL = usage.Usage({"Dv": None, "f": "formatter"}, {})
# First columns that are names themselves.
NAMED_LINES = {"field", "check"}
# Kinds of notices that are not of a suspension, which show prints.
NEVER_SHOWN = {"brake report"}


def usage_problems(code, page):
    """Of the table of parameters, the usage text, the SYNOPSIS, and the item in
    COMMANDS."""
    commands = usage.from_code(code)
    synopsis = usage.in_synopsis(page)
    items = command_items(page)
    for name, command in commands.items():
        yield from parameter_problems(command)
        for where, texts in (("SYNOPSIS", synopsis), ("COMMANDS", items)):
            if name not in texts:
                yield (f"{page.path}: command {name} of {command.path} is "
                       f"missing in {where}")
        if name in synopsis:
            before, after = synopsis[name]
            yield from differences(f"{page.path}: SYNOPSIS of {name}", before,
                                   "doveadm", GLOBAL)
            yield from differences(f"{page.path}: SYNOPSIS of {name}", after,
                                   command.path, command.usage)
        if name in items:
            yield from item_problems(page, command, items[name])
    for name in synopsis.keys() | items.keys():
        if name not in commands:
            yield f"{page.path}: command {name} does not exist in plugin/"


def parameter_problems(command):
    """The usage text is what the command really takes."""
    taken = usage.Usage(
        {letter: None if "BOOL" in parameter.kind else parameter.name
         for letter, parameter in command.options().items()},
        {name: repeated for name, repeated in command.usage.arguments.items()})
    yield from differences(f"{command.path}: usage of {command.name}",
                           command.usage, "the parameters", taken)
    positional = [p for p in command.parameters if p.letter is None]
    if len(positional) != len(command.usage.arguments) or any(
            ("ARRAY" in p.kind) != repeated for p, repeated in
            zip(positional, command.usage.arguments.values())):
        yield (f"{command.path}: usage of {command.name} has other arguments "
               f"than the parameters")


def differences(what, one, other_name, other):
    for difference in one.differences(other):
        yield f"{what}: {difference} does not exist in {other_name}"
    for difference in other.differences(one):
        yield f"{what}: {difference} of {other_name} is missing"


def item_problems(page, command, item):
    what = f"{page.path}: {command.name} in COMMANDS"
    yield from differences(what, usage.from_macros(item.head[0]),
                           command.path, command.usage)
    described = {}
    for inner in item.items:
        described.update(usage.from_macros(inner.head[0]).options)
    yield from differences(
        f"{what}: list of options", usage.Usage(described, {}), command.path,
        usage.Usage(command.usage.options, {}))


def command_items(page):
    return {mdoc.words(item.head, "Cm")[0]: item
            for item in page.section("COMMANDS").items}


def http_problems(code, page):
    """Over HTTP, options are called by their long names. Those with an argument
    are named as it is."""
    names = set(mdoc.words(page.lines(), "Li"))
    for command in usage.from_code(code).values():
        for parameter in command.parameters:
            if ("BOOL" in parameter.kind or parameter.letter is None) and \
                    parameter.name not in names:
                yield (f"{page.path}: the name {parameter.name} that "
                       f"{command.name} of {command.path} has over HTTP is "
                       f"missing")


def columns(code, command):
    found = set()
    for function in code.reachable(command.function):
        for name in ("doveadm_print_header", "doveadm_print_header_simple"):
            for call in code.calls(name, function.path):
                if call.caller is function:
                    found |= code.texts(call.arguments[0], function)
    return found


def lines(code, command):
    """What the first column of a line can be, function by function."""
    found = set()
    for function in code.reachable(command.function):
        first = next((call for call in
                      code.calls("doveadm_print", function.path)
                      if call.caller is function), None)
        if first is not None:
            found |= code.texts(first.arguments[0], function)
    return found - NEVER_SHOWN


def vocabulary(code, commands):
    """What may stand in the description of any command."""
    names = set(commands) | settings.enum_values(settings.from_code(code))
    for unit in code.units:
        for name, elements in unit.arrays.items():
            if name.endswith("_names"):
                names |= ccode.names_in(code, elements)
    return names


def output(code, command):
    """Columns, and the names of lines in a command that prints a name and a
    value in each line."""
    found = columns(code, command)
    return found | lines(code, command) if found & NAMED_LINES else found


def output_problems(code, page):
    """The names of what is printed are in the description of the command,
    and nothing else."""
    commands = usage.from_code(code)
    known = vocabulary(code, commands)
    for name, item in command_items(page).items():
        if name not in commands:
            continue
        command = commands[name]
        described = set(mdoc.words(item.all_body(), "Cm"))
        alike = re.search(r"\bas (\w+) does", mdoc.plain(item.body))
        try:
            own = output(code, command)
            elsewhere = set() if alike is None else \
                output(code, commands[alike[1]])
        except Unresolved as error:
            yield (f"{command.path}: {error} is printed as a name by {name}, "
                   f"and is no constant: what can it be?")
            continue
        for word in own - described - elsewhere:
            yield (f"{page.path}: column or line {word} of {name} in "
                   f"{command.path} is missing")
        for word in described - own - known:
            yield (f"{page.path}: column or line {word} of {name} does not "
                   f"exist in {command.path}")


def exit_problems(code, page):
    codes = {0: "doveadm"}
    for unit in code.units:
        for value in re.findall(r"\bdoveadm_exit_code = (\w+);", unit.text):
            # of sysexits.h, which Python has, too
            number = int(getattr(os, value, value))
            codes.setdefault(number, unit.path)
    described = {int(mdoc.plain(item.head))
                 for item in page.section("EXIT STATUS").items}
    for number in codes.keys() - described:
        yield (f"{page.path}: exit code {number} of {codes[number]} is missing "
               f"in EXIT STATUS")
    for number in described - codes.keys():
        yield f"{page.path}: exit code {number} does not exist in plugin/"


def readme_problems(tree, code):
    listed = set(re.findall(r"^\| `doveadm geotrip (\w+)", tree.texts[README],
                            re.M))
    for name, command in usage.from_code(code).items():
        if name not in listed:
            yield (f"{README}: command {name} of {command.path} is missing "
                   f"in the table")


def problems(tree):
    code = ccode.Code(tree)
    page = mdoc.parse(PAGE, tree.texts[PAGE])
    if not usage.from_code(code):
        yield "plugin/: no table of commands was found"
    yield from usage_problems(code, page)
    yield from http_problems(code, page)
    yield from output_problems(code, page)
    yield from exit_problems(code, page)
    yield from readme_problems(tree, code)
