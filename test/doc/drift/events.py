"""Events and their fields, in the code, in the manual page, and in the metrics
of the example files."""

import re

from . import ccode, mdoc
from .ccode import Unresolved

PAGE = "man/dovecot-geotrip.7"
# Functions get the event, methods of struct event_passthrough do not.
CALL = re.compile(
    r"\b(event_)?(set_name|add_(?:str|int|ip|timeval)|strlist_append)\(")
# Dovecot's own, which any filter may have.
FILTER_WORDS = {"event", "category", "AND", "OR", "NOT"}


class Event:
    def __init__(self, path):
        self.path = path
        self.fields = set()
        # of fields whose values are known
        self.values = {}


def calls(function):
    """What is set in events: the method and its arguments."""
    for match in CALL.finditer(function.body):
        arguments, _ = ccode.arguments(function.body, match.end() - 1)
        yield match[2], arguments[1:] if match[1] else arguments


def add_field(code, event, function, name, value):
    names = code.texts(name, function)
    event.fields |= names
    try:
        values = code.texts(value, function)
    except Unresolved:
        return
    for name in names:
        event.values.setdefault(name, set()).update(values)


def from_code(code):
    """The events by name."""
    found = {}
    for unit in code.units:
        for function in unit.functions.values():
            names = set().union(*(code.texts(arguments[0], function)
                                  for method, arguments in calls(function)
                                  if method == "set_name"))
            for name in names:
                event = found.setdefault(name, Event(unit.path))
                for one in code.reachable(function, same_file=True):
                    for method, arguments in calls(one):
                        if method != "set_name":
                            add_field(code, event, one, *arguments[:2])
    return found


def in_page(page):
    return {mdoc.words(item.head, "Cm")[0]: item
            for item in page.section("EVENTS").items}


def field_problems(page, name, event, item):
    described = {}
    for inner in item.items:
        for word in mdoc.words(inner.head, "Cm"):
            described[word] = inner
    for field in event.fields - described.keys():
        yield (f"{page.path}: field {field} of event {name} in {event.path} "
               f"is missing")
    for field in described.keys() - event.fields:
        yield (f"{page.path}: field {field} of event {name} does not exist in "
               f"{event.path}")
    for field in described.keys() & event.values.keys():
        body = described[field].body
        for value in set(mdoc.words(body, "Cm")) - event.values[field]:
            yield (f"{page.path}: value {value} of field {field} of event "
                   f"{name} does not exist in {event.path}")


def page_problems(page, events):
    items = in_page(page)
    for name in events.keys() - items.keys():
        yield (f"{page.path}: event {name} of {events[name].path} is missing "
               f"in EVENTS")
    for name in items.keys() - events.keys():
        yield f"{page.path}: event {name} does not exist in plugin/"
    for name in items.keys() & events.keys():
        yield from field_problems(page, name, events[name], items[name])


def metrics_in(text):
    """Name, filter and fields of the metrics of a file."""
    for match in re.finditer(r"^metric (\w+) \{\n(.*?)^\}", text, re.S | re.M):
        body = match[2]
        filters = re.search(r"^\s*filter = (.*)", body, re.M)
        # 2.3: group_by = country verdict; 2.4: group_by country {
        fields = " ".join(re.findall(r"^\s*group_by (?:= *)?([\w ]+)", body,
                                     re.M)).split()
        yield match[1], filters[1] if filters else "", fields


def metric_problems(path, text, events):
    for name, filters, fields in metrics_in(text):
        wanted = re.findall(r"\bevent=(\w+)", filters)
        fields = set(fields) | (
            set(re.findall(r"(\w+)[=<>]", filters)) - FILTER_WORDS)
        for event in wanted:
            if event not in events:
                yield (f"{path}: event {event} of metric {name} does not "
                       f"exist in plugin/")
                continue
            for field in fields - events[event].fields:
                yield (f"{path}: field {field} of metric {name} is not in "
                       f"event {event} of {events[event].path}")


def total_problems(tree, metrics):
    """dovecot_NAME_total is what OpenMetrics makes of a metric."""
    for path, text in tree.texts.items():
        for name in set(re.findall(r"\bdovecot_(\w+?)_total\b", text)):
            if name not in metrics:
                yield f"{path}: metric {name} is in no file in examples/"


def problems(tree):
    code = ccode.Code(tree)
    try:
        events = from_code(code)
    except Unresolved as error:
        yield f"plugin/: {error}, a name of an event or field, is no constant"
        return
    if not events:
        yield "plugin/: no event was found"
    yield from page_problems(mdoc.parse(PAGE, tree.texts[PAGE]), events)
    metrics = set()
    for path, text in tree.matching("examples/").items():
        metrics |= {name for name, _, _ in metrics_in(text)}
        yield from metric_problems(path, text, events)
    used = {event for text in tree.matching("examples/").values()
            for _, filters, _ in metrics_in(text)
            for event in re.findall(r"\bevent=(\w+)", filters)}
    if not used:
        yield "examples/: no metric was found"
    yield from total_problems(tree, metrics)
