"""What the comparison must find: one thing is changed at a time, in a copy in
memory, and must be reported."""

import dataclasses
import re

from . import (commands, events, mentions, rooms, schema, settings,
               templates)


@dataclasses.dataclass
class Change:
    """In the first file below the prefix that has it; says what to expect."""
    check: object
    prefix: str
    old: str
    new: str
    expected: str


CODE, EXAMPLES, SQL = "plugin/", "examples/", "sql/"
MANUAL = "man/dovecot-geotrip.7"
COMMANDS, README = "man/doveadm-geotrip.1", "README.md"

CHANGES = [
    # settings
    Change(settings, CODE, r"\tDEF\(TIME, geotrip_retention\),\n", "",
           "setting geotrip_retention does not exist in plugin/"),
    Change(settings, CODE, r"(\tDEF\(TIME, geotrip_retention\),\n)",
           r"\1\tDEF(BOOL, geotrip_more),\n",
           "setting geotrip_more of .* is missing in SETTINGS"),
    Change(settings, CODE, r"(\tDEF\(TIME, geotrip_retention\),\n)",
           r"\1\tDEF(BOOL, geotrip_more),\n",
           "examples/.*: setting geotrip_more of .* is missing"),
    Change(settings, CODE, r"retention = 30 \*", "retention = 31 *",
           "examples/.*: default of setting geotrip_retention is"),
    Change(settings, CODE, r"\(TIME, geotrip_retention",
           "(X, geotrip_retention",
           "type of setting geotrip_retention is time, .* it is X"),
    Change(settings, MANUAL, r"\.It Va geotrip_retention ",
           ".It Va geotrip_more ",
           "setting geotrip_retention of .* is missing in SETTINGS"),
    Change(settings, MANUAL, r"\.It Va geotrip_retention ",
           ".It Va geotrip_more ",
           "setting geotrip_more does not exist in plugin/"),
    Change(settings, MANUAL, r"default Li 30 days", "default Li 3 weeks",
           r"man/.*: default of setting geotrip_retention is not"),
    Change(settings, EXAMPLES, r"#geotrip_retention = 30 days",
           "#geotrip_retention = 31 days",
           "default of setting geotrip_retention is"),
    Change(settings, EXAMPLES, r"#geotrip_retention = 30 days\n", "",
           "setting geotrip_retention of .* is missing"),
    Change(settings, EXAMPLES, r"#geotrip_retention = ", "#geotrip_keep = ",
           "setting geotrip_keep does not exist"),
    Change(settings, CODE, r"timeout = 1000,", "timeout = 1001,",
           "examples/.*: default of setting geotrip_timeout is"),

    # commands and their options
    Change(commands, CODE, r"\t&doveadm_cmd_geotrip_resume,\n", "",
           "command resume does not exist in plugin/"),
    Change(commands, COMMANDS, r"\.It Cm resume\n", ".Pp\n",
           "command resume of .* is missing in COMMANDS"),
    Change(commands, COMMANDS, r"\.Cm geotrip resume\n",
           ".Cm geotrip proceed\n",
           "command resume of .* is missing in SYNOPSIS"),
    Change(commands, README, r"\| `doveadm geotrip resume`.*\n", "",
           "command resume of .* is missing in the table"),
    Change(commands, CODE, r"""DOVEADM_CMD_PARAM\('n', "max".*\n""", "",
           "usage of history: option -n.* does not exist"),
    Change(commands, CODE, r"""(?=DOVEADM_CMD_PARAM\('n', "max")""",
           """DOVEADM_CMD_PARAM('x', "extra", CMD_PARAM_BOOL, 0)\n""",
           "usage of history: option -x.* is missing"),
    Change(commands, CODE, r"<user mask> \[<user mask> \.\.\.\]\|-a",
           "<user> [<user> ...]|-a",
           r"unsuspend: argument \"mask \.\.\.\" does not exist"),
    Change(commands, COMMANDS, r"\.Op Fl f Ar formatter\n(?=\.Cm geotrip p)",
           "", "SYNOPSIS of purge: option -f.* is missing"),
    Change(commands, COMMANDS, r"(?<=\.Cm geotrip purge\n)", ".Op Fl z\n",
           "SYNOPSIS of purge: option -z.* does not exist"),
    Change(commands, COMMANDS, r"\.It Fl n Ar max\n.*\n", "",
           "history in COMMANDS: list of options: option -n.* is missing"),
    Change(commands, COMMANDS, r"\.It Fl n Ar max\n", ".It Fl n Ar number\n",
           'history in COMMANDS: list of options: option -n with "number"'),
    Change(commands, COMMANDS, r"\.Li all ,", "something else.",
           "the name all that list of .* has over HTTP is missing"),

    # what they print, and how they end
    Change(commands, CODE, r'header_simple\("verdict"\)',
           'header_simple("outcome")',
           "column or line outcome of history in .* is missing"),
    Change(commands, COMMANDS, r"\.Cm logins , suspensions\n", ".Cm logins\n",
           "column or line suspensions of purge in .* is missing"),
    Change(commands, COMMANDS, r"\.Cm logins , suspensions\n",
           ".Cm logins , suspensions , more\n",
           "column or line more of purge does not exist"),
    Change(commands, CODE, r'print_field\("source"', 'print_field("origin"',
           "column or line origin of show in .* is missing"),
    Change(commands, CODE, r'(check_row\(check, )"rules"', r'\1"rule list"',
           "column or line rules of check does not exist"),
    Change(commands, COMMANDS, r"\.It Cm templates\n", ".It\n",
           "column or line templates of check in .* is missing"),
    Change(commands, CODE, r"exit_code = EX_NOUSER", "exit_code = EX_CONFIG",
           "exit code 78 of .* is missing"),
    Change(commands, COMMANDS, r"\.It 67\n", ".It 66\n",
           "exit code 66 does not exist"),

    # events and metrics
    Change(events, CODE, r'"geotrip_brake_ended"', '"geotrip_brake_over"',
           "event geotrip_brake_over of .* is missing in EVENTS"),
    Change(events, MANUAL, r"\.It Cm geotrip_brake_ended\n",
           ".It Cm geotrip_brake_over\n",
           "event geotrip_brake_over does not exist in plugin/"),
    Change(events, CODE, r'add_str\("kind"', 'add_str("sort"',
           "field sort of event geotrip_notice_finished in .* is missing"),
    Change(events, CODE, r'event_add_str\(event, "verdict", .*\n', "",
           "field verdict of event geotrip_login_finished does not exist"),
    Change(events, MANUAL, r"\.Cm allow , trip", ".Cm permit , trip",
           "value permit of field verdict .* does not exist"),
    Change(events, EXAMPLES, r"event=geotrip_login_finished", "event=geotrip_x",
           "event geotrip_x of metric .* does not exist"),
    Change(events, EXAMPLES, r"group_by = country", "group_by = land",
           "field land of metric .* is not in event"),

    # tables
    Change(schema, SQL, r"(CREATE TABLE place \(\n)", r"\1\tmore INTEGER,\n",
           "column more of table place in .* is missing"),
    Change(schema, SQL, r"(?s)\Z", "\nCREATE TABLE more (id INTEGER);\n",
           r"table more\(id\) of .* is missing in TABLES"),
    Change(schema, MANUAL, r"\.It Li user_login_end\(.*\n", "",
           r"table user_login_end\(.*\) of .* is missing in TABLES"),
    Change(schema, MANUAL, r"user\(id, name", "user(id, alias",
           "column alias of table user does not exist"),
    Change(schema, "Makefile.am", r"\tsql/sqlite/0002-brake.sql \\\n", "",
           "migration sql/sqlite/0002-brake.sql is missing"),

    # templates and the userdb
    Change(templates, CODE, r'(\[GEOTRIP_PLACEHOLDER_READING\] = (\{ )?)'
           r'"reading"', r'\1"legible"',
           "placeholder legible of .* is missing"),
    Change(templates, MANUAL, r"\.It Li reading\n", ".It Li legible\n",
           "placeholder legible of .* does not exist"),
    Change(templates, CODE, r'(\[GEOTRIP_TEMPLATE_DIGEST\] = )"digest"',
           r'\1"list"', r"template part \[list\] of .* is missing"),
    Change(templates, MANUAL, r"\.Li \[digest\]\n", ".Li [list]\n",
           r"template part \[list\] does not exist"),
    Change(templates, CODE, r'"geotrip_language"', '"geotrip_tongue"',
           "userdb field geotrip_tongue of .* is missing in NOTICES"),
    Change(templates, MANUAL, r"\.It Li geotrip_language\n",
           ".It Li geotrip_tongue\n",
           "userdb field geotrip_tongue does not exist"),

    # what texts mention
    Change(mentions, README, r"\Z", "\nSee `doveadm geotrip explain`.\n",
           "README.md: command explain does not exist"),
    Change(mentions, README, r"\Z", "\n`doveadm geotrip purge -x 1d`\n",
           "README.md: option -x of purge does not exist"),
    Change(mentions, COMMANDS, r"\.Dl # doveadm geotrip countries -s 7d",
           ".Dl # doveadm geotrip countries -z 7d",
           "option -z of countries does not exist"),
    Change(mentions, CODE, r'doveadm geotrip resume"',
           'doveadm geotrip continue"',
           "plugin/.*: command continue does not exist"),
    Change(mentions, README, r"\Z", "\nSet `geotrip_more`.\n",
           "README.md: geotrip_more does not exist"),
    Change(mentions, README, r"\Z", "\nSee `examples/more.conf`.\n",
           "README.md: the file examples/more.conf does not exist"),
    Change(mentions, "doc/", r"\Z", "\n`check_nothing()`\n",
           r"doc/.*: the function check_nothing\(\) does not exist"),
    Change(mentions, "doc/", r"\Z", "\n`geotrip-nothing.c`\n",
           "doc/.*: the file geotrip-nothing.c does not exist"),
    Change(mentions, CODE, r'= "withdrawn"', '= "revoked"',
           "the name revoked, in .*, is in no page"),

    # rooms
    Change(rooms, "plugin/rule/", r'(?=#include "geotrip-compat.h")',
           '#include "geotrip-settings.h"\n',
           "includes geotrip-settings.h of settings, which rule may not"),
    Change(rooms, "plugin/base/", r'(?=#include "lib.h")',
           "#include <sqlite3.h>\n",
           "includes sqlite3.h, which only store/sqlite may"),
    Change(rooms, "plugin/base/geotrip-names.h", r"\Z",
           '#include "geotrip-common.h"\n',
           "geotrip-names.h: includes itself"),
    Change(rooms, "Makefile.am", r"(?<=\nin_rule = )",
           "-I$(srcdir)/plugin/geo ",
           "in_rule has other folders than doc/hacking.md"),
    Change(rooms, "doc/", r"pure \| `base` \|", "pure | `base` `settings` |",
           "doc/hacking.md: rule may include itself"),
    Change(rooms, "doc/", r"\| `plugin/geo/`", "| `plugin/earth/`",
           "doc/hacking.md has no room geo"),
]


def changed(tree, change):
    """The tree with the change, or None if there is nothing to change."""
    for path, text in tree.matching(change.prefix).items():
        new, count = re.subn(change.old, change.new, text, count=1)
        if count > 0:
            return tree.changed(path, new)
    return None


def problems(tree):
    """The changes that are not reported."""
    before = {check: "\n".join(check.problems(tree))
              for check in {change.check.__name__: change.check
                            for change in CHANGES}.values()}
    for change in CHANGES:
        new = changed(tree, change)
        if new is None:
            yield f"{change.prefix}: there is no {change.old} to change"
        elif re.search(change.expected, before[change.check]):
            yield f'"{change.expected}" is reported without a change'
        elif not re.search(change.expected,
                           "\n".join(change.check.problems(new))):
            yield (f'"{change.expected}" is not reported when '
                   f"{change.old} becomes {change.new!r}")
