"""The folders of plugin/, who may include whom, and which of them knows a
library: in the #include lines, in doc/hacking.md and in Makefile.am."""

import os
import re

PAGE = "doc/hacking.md"
BUILD = "Makefile.am"
TOP = "plugin/"
# A header of a library, and the one room that may include it.
LIBRARIES = {"sqlite3.h": "store/sqlite", "maxminddb.h": "geo",
             "unicode/": "notice", "libpq-fe.h": "store/postgres"}


def in_page(tree):
    """The rooms that each room may include, by the table in the page."""
    rows = re.findall(r"(?m)^\| `plugin/([\w/]+)/` \|[^|]*\|([^|]*)\|$",
                      tree.texts[PAGE])
    return {room: set(re.findall(r"`([\w/]+)`", cell)) for room, cell in rows}


def includes(tree):
    """Path, room and name of each header that is included."""
    for path, text in tree.matching(TOP).items():
        room = os.path.dirname(path).removeprefix(TOP)
        for name in re.findall(r'(?m)^#\s*include [<"]([^">]+)[">]', text):
            yield path, room, name


def include_problems(tree, allowed):
    homes = {os.path.basename(path): os.path.dirname(path).removeprefix(TOP)
             for path in tree.matching(TOP)}
    for path, room, name in includes(tree):
        if room not in allowed:
            yield f"{path}: {PAGE} has no room {room}"
        elif name in homes and homes[name] not in allowed[room] | {room}:
            yield (f"{path}: includes {name} of {homes[name]}, which {room} "
                   f"may not, by {PAGE}")
        for library, home in LIBRARIES.items():
            if name.startswith(library) and room != home:
                yield f"{path}: includes {name}, which only {home} may"


def circles(graph):
    """The names that can be reached from themselves."""
    for start in graph:
        seen, left = set(), list(graph[start])
        while left:
            name = left.pop()
            if name not in seen:
                seen.add(name)
                left.extend(graph.get(name, ()))
        if start in seen:
            yield start


def header_circles(tree):
    headers = {os.path.basename(path): path for path in tree.matching(TOP)
               if path.endswith(".h")}
    graph = {name: set() for name in headers}
    for path, _, name in includes(tree):
        if path.endswith(".h") and name in headers:
            graph[os.path.basename(path)].add(name)
    for name in circles(graph):
        yield f"{headers[name]}: includes itself, by way of others"


def in_build(tree):
    """The folders that the compiler looks for headers in, room by room."""
    text = tree.texts[BUILD].replace("\\\n", " ")
    variables = dict(re.findall(r"(?m)^in_(\w+) = (.*)$", text))

    def folders(name):
        for word in variables[name].split():
            if word.startswith("$("):
                yield from folders(word[5:-1])
            else:
                yield word.removeprefix("-I$(srcdir)/plugin/")
    return {name: set(folders(name)) for name in variables}


def build_problems(tree, allowed):
    build = in_build(tree)
    for room, others in allowed.items():
        name = os.path.basename(room)
        if build.get(name) != others | {room}:
            yield (f"{BUILD}: in_{name} has other folders than {PAGE} for "
                   f"{room}")


def problems(tree):
    allowed = in_page(tree)
    if not allowed:
        yield f"{PAGE}: there is no table of rooms"
    yield from include_problems(tree, allowed)
    yield from header_circles(tree)
    yield from build_problems(tree, allowed)
    for room in circles(allowed):
        yield f"{PAGE}: {room} may include itself, by way of others"
