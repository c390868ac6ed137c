"""Names that texts mention: commands with options, settings and other names
that begin with geotrip_, files, and the names of states."""

import fnmatch
import re

from . import ccode, events, mdoc, settings, templates, usage

COMMAND = re.compile(r"\bdoveadm(?: -\w+(?: \w+)?)* geotrip ([a-z]+)"
                     r"((?: -\w+(?: +[^-\s][^\s`'\"|]*)?)*)")
FOLDERS = r"\.ci|build-aux|doc|examples|m4|man|notices|plugin|sql|test"
FILE = re.compile(rf"(?<![\w/.-])((?:{FOLDERS})/[\w./*+-]*[\w*])")
NAME = re.compile(r"(?<![\w/-])(geotrip_[a-z_]*[a-z])(?![\w*])")
# Of the tests, in C and in Python.
TEST_FUNCTIONS = {"main", "test_begin", "test_end", "wait_until"}
# Of a number, or of a name that the reader chooses.
PLACEHOLDER = re.compile(r"NNNN|NAME|LANGUAGE")


def texts(tree):
    """What people read; not NEWS, which names what once was."""
    return {path: re.sub(r'^\.\\".*$', "", text, flags=re.M) for path, text in
            tree.matching("README.md", "doc/", "examples/", "man/",
                          "notices/").items()}


def messages(code):
    """All literals of a file, with those that the compiler joins in one."""
    for unit in code.units:
        joined = re.sub(r'"\s*"', "", unit.text)
        yield unit.path, "\n".join(ccode.unquote(m[0]) for m in
                                   re.finditer(ccode.STRING, joined))


def command_problems(path, text, commands):
    # of a page: the macros are in the way
    text = re.sub(r"^\.\w\w ", "", text, flags=re.M)
    text = re.sub(r" Ar ", " ", text).replace("\n# ", " ")
    for name, options in COMMAND.findall(text):
        if name not in commands:
            yield f"{path}: command {name} does not exist in plugin/"
            continue
        for letter in re.findall(r" -(\w)(?!\w)", options):
            if letter not in commands[name].usage.options:
                yield (f"{path}: option -{letter} of {name} does not exist in "
                       f"{commands[name].path}")


def name_problems(path, text, known, code):
    for name in sorted(set(NAME.findall(text)) - known):
        # what programmers read may name anything in the code
        if path.startswith("doc/") and any(
                re.search(rf"\b{name}\b", unit.text) for unit in code.units):
            continue
        yield f"{path}: {name} does not exist in plugin/"


def file_problems(path, text, names):
    for name in sorted(set(FILE.findall(text))):
        pattern = PLACEHOLDER.sub("*", name)
        # a built program has its source
        if not any(fnmatch.fnmatch(one, pattern) for one in names) and \
                f"{name}.c" not in names:
            yield f"{path}: the file {name} does not exist"


def code_problems(path, text, tree, code):
    """In doc/: function() and file.c, wherever that is."""
    for name in sorted(set(re.findall(r"`(\w+)\(\)`", text))):
        if not any(re.search(rf"\b{name}\b", unit.text)
                   for unit in code.units) and name not in TEST_FUNCTIONS:
            yield f"{path}: the function {name}() does not exist in plugin/"
    files = {one.rpartition("/")[2] for one in tree.names}
    for name in sorted(set(re.findall(r"`(\w[\w.-]*\.(?:c|h|py|sh))`", text))):
        if name not in files and not PLACEHOLDER.search(name):
            yield f"{path}: the file {name} does not exist"


def known_names(tree, code):
    metrics = {name for text in tree.matching("examples/").values()
               for name, _, _ in events.metrics_in(text)}
    postfix = {name for text in tree.matching("examples/postfix/").values()
               for name in re.findall(r"^(geotrip_\w+) =", text, re.M)}
    return (settings.from_code(code).keys() | events.from_code(code).keys()
            | templates.userdb_fields(code).keys() | metrics | postfix)


def state_problems(tree, code):
    """Each name of a state, a kind or a cause is in a manual page."""
    described = set()
    for path, text in tree.matching("man/").items():
        lines = mdoc.parse(path, text).lines()
        for macro in ("Cm", "Li", "Ql"):
            described |= {word.strip("[]")
                          for word in mdoc.words(lines, macro)}
    for unit in code.units:
        for table, elements in unit.arrays.items():
            if not table.endswith("_names"):
                continue
            for name in ccode.names_in(code, elements) - described - {"-"}:
                yield (f"man/: the name {name}, in {table} of {unit.path}, "
                       f"is in no page")


def problems(tree):
    code = ccode.Code(tree)
    commands = usage.from_code(code)
    known = known_names(tree, code)
    for path, text in texts(tree).items():
        yield from command_problems(path, text, commands)
        yield from name_problems(path, text, known, code)
        yield from file_problems(path, text, tree.names)
        if path.startswith("doc/"):
            yield from code_problems(path, text, tree, code)
    for path, text in messages(code):
        yield from command_problems(path, text, commands)
    yield from state_problems(tree, code)
