"""Parts and placeholders of templates, and userdb fields, in the code and in
the manual page."""

import re

from . import ccode, events, mdoc, settings

PAGE = "man/dovecot-geotrip.7"


def parts_of(unit):
    """Name by the end of the enum value."""
    return {m[1]: ccode.unquote(m[2]) for m in re.finditer(
        rf"\[GEOTRIP_TEMPLATE_(\w+)\] = ({ccode.STRING})", unit.text)}


def template_unit(code):
    """The file with the tables of names, or None."""
    return next((unit for unit in code.units if parts_of(unit)), None)


def part_mask(code, expression):
    """The ends of the enum values in an expression of macros."""
    found = set(re.findall(r"\bPART\((\w+)\)", expression))
    for word in set(ccode.WORD.findall(expression)) & code.macros.keys():
        found |= part_mask(code, code.macros[word])
    return found


def placeholders_of(code, unit):
    """Parts by the name of the placeholder; None where a table of names does
    not tell."""
    parts = parts_of(unit)
    found = {}
    for m in re.finditer(rf"\[GEOTRIP_PLACEHOLDER_\w+\] = "
                         rf"(?:({ccode.STRING})|\{{ ({ccode.STRING}),"
                         rf"([^}}]*)\}})", unit.text):
        found[ccode.unquote(m[1] or m[2])] = None if m[1] else {
            parts[end] for end in part_mask(code, m[3])}
    return found


def in_page(page):
    """Placeholders by part, and the parts that the text names. The names of
    parts stand before each list."""
    lists, named, before = {}, set(), set()
    depth = 0
    for line in page.section("TEMPLATES").lines:
        macro = line[0][0]
        parts = {part for word in mdoc.words([line], "Li")
                 for part in re.findall(r"^\[(\w+)\]$", word)}
        named |= parts
        if macro in ("Pp", "Ed", "El"):
            before = set()
        before |= parts
        depth += (macro == "Bl") - (macro == "El")
        if macro == "It" and depth:
            for part in before:
                lists.setdefault(part, set()).update(
                    mdoc.words([line], "Li"))
    return lists, named


def template_problems(code, page):
    unit = template_unit(code)
    if unit is None:
        yield "plugin/: no table of the parts of templates was found"
        return
    parts = set(parts_of(unit).values())
    lists, named = in_page(page)
    for part in parts - (named & lists.keys()):
        yield (f"{page.path}: template part [{part}] of {unit.path} is "
               f"missing in TEMPLATES, or has no list of names")
    for part in named - parts:
        yield (f"{page.path}: template part [{part}] does not exist in "
               f"{unit.path}")
    for name, own in placeholders_of(code, unit).items():
        yield from placeholder_problems(page, unit, name, own, lists)
    known = placeholders_of(code, unit)
    for part in parts & lists.keys():
        for name in lists[part] - known.keys():
            yield (f"{page.path}: placeholder {name} of [{part}] does not "
                   f"exist in {unit.path}")


def placeholder_problems(page, unit, name, own, lists):
    described = {part for part in lists if name in lists[part]}
    if not described:
        yield (f"{page.path}: placeholder {name} of {unit.path} is missing in "
               f"TEMPLATES")
    elif own is not None:
        for part in own - described:
            yield (f"{page.path}: placeholder {name} of [{part}] in "
                   f"{unit.path} is missing")
        for part in described - own:
            yield (f"{page.path}: placeholder {name} is not for [{part}] in "
                   f"{unit.path}")


def userdb_fields(code):
    """What is called geotrip_... in the code and is neither setting nor
    event."""
    own = settings.from_code(code).keys() | events.from_code(code).keys()
    return {m[1]: unit.path for unit in code.units
            for m in re.finditer(r'"(geotrip_[a-z_]+)"', unit.text)
            if m[1] not in own}


def userdb_problems(code, page):
    fields = userdb_fields(code)
    described = {name for line in page.section("NOTICES").lines
                 if line[0][0] == "It"
                 for name in mdoc.words([line], "Li")
                 if name.startswith("geotrip_")}
    for name in fields.keys() - described:
        yield (f"{page.path}: userdb field {name} of {fields[name]} is missing "
               f"in NOTICES")
    for name in described - fields.keys():
        yield f"{page.path}: userdb field {name} does not exist in plugin/"


def problems(tree):
    code = ccode.Code(tree)
    page = mdoc.parse(PAGE, tree.texts[PAGE])
    yield from template_problems(code, page)
    yield from userdb_problems(code, page)
