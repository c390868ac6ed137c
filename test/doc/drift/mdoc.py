"""The manual pages: sections, lists and macros of mdoc(7), as far as these
pages use them."""

import dataclasses
import functools
import re
import shlex

# Macros that are recognized in the middle of a line as well.
CALLABLE = set("Ar Cm Dq Em Fl Li Nm No Ns Oc Oo Op Pa Pc Po Pq Ql Qq Sq Sx Ta "
               "Va Xr".split())
PUNCTUATION = set(". , ; : ( ) [ ] ? !".split())
ESCAPES = {r"\&": "", r"\e": "\\", r"\-": "-", r"\(dq": '"', r"\ ": " "}


@dataclasses.dataclass
class Item:
    # lines of macros
    head: list
    body: list
    items: list

    def all_body(self):
        """The body with that of the items in it."""
        return self.body + [line for item in self.items
                            for line in [*item.head, *item.all_body()]]


@dataclasses.dataclass
class Section:
    title: str
    lines: list
    # in the lists of the section itself
    items: list


@dataclasses.dataclass
class Page:
    path: str
    sections: dict

    def lines(self):
        return [line for section in self.sections.values()
                for line in section.lines]

    def section(self, title):
        return self.sections.get(title, Section(title, [], []))


def unescape(text):
    for escape, char in ESCAPES.items():
        text = text.replace(escape, char)
    return text


def split(line):
    """A line as [(macro, [arguments])]; text has the macro ""."""
    if not line.startswith("."):
        return [("", [unescape(line)])]
    lexer = shlex.shlex(line[1:], posix=True)
    lexer.whitespace_split = True
    lexer.commenters = lexer.escape = lexer.escapedquotes = ""
    lexer.quotes = '"'
    parts = []
    for number, word in enumerate(lexer):
        if number == 0 or word in CALLABLE:
            parts.append((word, []))
        else:
            parts[-1][1].append(unescape(word))
    return parts


def words(lines, macro):
    """The arguments of a macro, each one with its blanks: "Cm a , b" are two,
    "Cm mail server" is one."""
    found = []
    for line in lines:
        for name, arguments in line:
            if name != macro:
                continue
            group = []
            for word in [*arguments, ","]:
                if word in PUNCTUATION:
                    if group:
                        found.append(" ".join(group))
                    group = []
                else:
                    group.append(word)
    return found


def plain(lines):
    """What is left without the macros."""
    return " ".join(word for line in lines for _, arguments in line
                    for word in arguments)


def parse_items(lines):
    """The items of the lists that are not in others, and the lines between
    them."""
    items, between, stack = [], [], []
    for line in lines:
        macro = line[0][0]
        if macro == "Bl":
            stack.append(None)
        elif macro == "El":
            stack.pop()
        elif macro == "It":
            item = Item([[("", line[0][1]), *line[1:]]], [], [])
            above = next((one for one in reversed(stack[:-1])
                          if one is not None), None)
            (items if above is None else above.items).append(item)
            stack[-1] = item
        else:
            inner = next((one for one in reversed(stack) if one is not None),
                         None)
            (between if inner is None else inner.body).append(line)
    return items, between


@functools.lru_cache(maxsize=None)
def parse(path, text):
    sections, section = {}, None
    # A line that ends in an escaped newline goes on.
    for line in re.sub(r"\\\n", "", text).splitlines():
        if line.startswith('.\\"') or not line:
            continue
        parts = split(line)
        if parts[0][0] == "Sh":
            title = plain([parts])
            section = sections[title] = Section(title, [], [])
        elif section is not None:
            section.lines.append(parts)
    for section in sections.values():
        section.items, _ = parse_items(section.lines)
    return Page(path, sections)
