"""Settings: name, type and default, in the code, in the manual page and in the
example files."""

import math
import re

from . import ccode, mdoc

PAGE = "man/dovecot-geotrip.7"
TYPES = {"STR": "string", "STR_NOVARS": "string", "TIME": "time",
         "TIME_MSECS": "time", "BOOL": "boolean", "UINT": "number",
         "SIZE": "size"}
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}


class Setting:
    def __init__(self, path, kind, value):
        self.path = path
        # as the page calls it
        self.kind = kind
        # comparable
        self.default = value


def seconds(text):
    """"7 days" as a number, or None. "ms" is no unit here."""
    match = re.fullmatch(r"(\d+)\s*(secs?|mins?|[shdw]|hours?|days?|weeks?)",
                         text)
    return int(match[1]) * UNITS[match[2][0]] if match else None


def comparable(kind, text):
    """What a default means, from the text of a page or an example."""
    text = " ".join(text.split())
    if kind == "time":
        return 0 if text == "0" else seconds(text)
    return text


def code_default(code, kind, value):
    """What the C of a default means; the C itself if that is not plain."""
    if kind == "time" and re.fullmatch(r"\d+( \* \d+)*", value):
        return math.prod(int(factor) for factor in value.split(" * "))
    if kind == "boolean":
        return {"TRUE": "yes", "FALSE": "no"}.get(value, value)
    text = code.constant(value)
    return value if text is None else " ".join(text.split())


def initialiser(unit):
    """The members of the struct with the defaults, or None."""
    match = re.search(r"struct geotrip_settings \w+ = \{", unit.text)
    if match is None:
        return None
    members, _ = ccode.arguments(unit.text, match.end() - 1)
    pairs = (re.fullmatch(r"\.(\w+)\s*=\s*(.*)", member, re.S)
             for member in members)
    return {pair[1]: pair[2].strip() for pair in pairs if pair}


def from_code(code):
    """The settings by name."""
    found = {}
    for unit in code.units:
        defaults = initialiser(unit)
        if defaults is None:
            continue
        for match in re.finditer(r"\bDEF\((\w+), (geotrip_\w+)\)", unit.text):
            kind, name = match.groups()
            value = defaults.get(name, "missing")
            if kind == "ENUM":
                # the first of the values is the default
                values = code.constant(value).split(":")
                found[name] = Setting(unit.path, " or ".join(values),
                                      values[0])
            else:
                default = code_default(code, TYPES.get(kind, kind), value)
                if kind == "TIME_MSECS" and isinstance(default, int):
                    default /= 1000
                found[name] = Setting(unit.path, TYPES.get(kind, kind),
                                      default)
    return found


def enum_values(settings):
    return {value for setting in settings.values()
            for value in setting.kind.split(" or ")}


def page_problems(page, settings):
    seen = set()
    for item in page.section("SETTINGS").items:
        text = mdoc.plain(item.head)
        match = re.fullmatch(r"(geotrip_\w+) (.+?) , default (.+)", text)
        if match is None:
            yield f'{page.path}: "{text}" is not NAME TYPE, default VALUE'
            continue
        name, kind, default = match.groups()
        seen.add(name)
        if name not in settings:
            yield f"{page.path}: setting {name} does not exist in plugin/"
            continue
        setting = settings[name]
        if kind != setting.kind:
            yield (f"{page.path}: type of setting {name} is {kind}, in "
                   f"{setting.path} it is {setting.kind}")
        if default == "see below":
            same = str(setting.default) in mdoc.plain(item.all_body())
        else:
            default = "" if default == "empty" else default
            same = comparable(setting.kind, default) == setting.default
        if not same:
            yield (f"{page.path}: default of setting {name} is not "
                   f'"{setting.default}", as in {setting.path}')
    for name in settings.keys() - seen:
        yield (f"{page.path}: setting {name} of {settings[name].path} is "
               f"missing in SETTINGS")


def in_example(text):
    """Setting, value and whether it is commented out, line by line."""
    lines = iter(text.splitlines())
    for line in lines:
        match = re.match(r"(#?)(geotrip_\w+) =(.*)", line)
        if match is None:
            continue
        value = match[3]
        while value.endswith("\\"):
            value = value[:-1] + next(lines).lstrip("# ")
        yield match[2], value, match[1] == "#"


def example_problems(path, text, settings):
    found = list(in_example(text))
    for name, value, commented in found:
        if name not in settings:
            yield f"{path}: setting {name} does not exist in plugin/"
        elif commented and comparable(settings[name].kind,
                                      value) != settings[name].default:
            yield (f'{path}: default of setting {name} is "{value.strip()}", '
                   f"in {settings[name].path} it is "
                   f'"{settings[name].default}"')
    for name in settings.keys() - {name for name, _, _ in found}:
        yield (f"{path}: setting {name} of {settings[name].path} is missing")


def is_settings_file(text):
    return any(name == "geotrip_db" for name, _, _ in in_example(text))


def problems(tree):
    settings = from_code(ccode.Code(tree))
    if not settings:
        yield "plugin/: no table of settings was found"
    yield from page_problems(mdoc.parse(PAGE, tree.texts[PAGE]), settings)
    examples = {path: text for path, text in tree.matching("examples/").items()
                if is_settings_file(text)}
    if not examples:
        yield "examples/: no file with the settings was found"
    for path, text in examples.items():
        yield from example_problems(path, text, settings)
