"""Tables and columns, as the migrations make them, in the manual page."""

import re
import sqlite3

from . import mdoc

PAGE = "man/dovecot-geotrip.7"
SQL = "sql/sqlite/"


def from_migrations(tree):
    """Columns by table or view, in order."""
    with sqlite3.connect(":memory:") as db:
        for path, text in sorted(tree.matching(SQL, suffix=".sql").items()):
            try:
                db.executescript(text)
            except sqlite3.Error as error:
                raise sqlite3.Error(f"{path}: {error}") from error
        names = [name for name, in db.execute(
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
            " AND name NOT LIKE 'sqlite_%'")]
        return {name: [row[1] for row in db.execute(
            f"PRAGMA table_info({name})")] for name in names}


def in_page(page):
    """The items "table(column, ...)"."""
    for item in page.section("TABLES").items:
        for name, columns in re.findall(r"(\w+)\(([^)]*)\)",
                                        mdoc.plain(item.head)):
            yield name, [column.strip() for column in columns.split(",")]


def migration_problems(tree):
    """make install takes those that Makefile.am lists."""
    listed = set(re.findall(rf"{SQL}[\w-]+\.sql", tree.texts["Makefile.am"]))
    there = set(tree.matching(SQL, suffix=".sql"))
    for path in there - listed:
        yield f"Makefile.am: migration {path} is missing"
    for path in listed - there:
        yield f"Makefile.am: migration {path} does not exist"


def problems(tree):
    yield from migration_problems(tree)
    try:
        tables = from_migrations(tree)
    except sqlite3.Error as error:
        yield str(error)
        return
    described = dict(in_page(mdoc.parse(PAGE, tree.texts[PAGE])))
    for name in tables.keys() - described.keys():
        yield (f"{PAGE}: table {name}({', '.join(tables[name])}) of {SQL} is "
               f"missing in TABLES")
    for name in described.keys() - tables.keys():
        yield f"{PAGE}: table {name} does not exist in {SQL}"
    for name in tables.keys() & described.keys():
        for column in set(tables[name]) - set(described[name]):
            yield (f"{PAGE}: column {column} of table {name} in {SQL} is "
                   f"missing")
        for column in set(described[name]) - set(tables[name]):
            yield (f"{PAGE}: column {column} of table {name} does not exist "
                   f"in {SQL}")
