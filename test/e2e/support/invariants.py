"""What is true of every database of geotrip, whatever happened to it.

Times are integer microseconds, as in the database.
"""

import collections
import contextlib
import os
import re
import sqlite3
import time

SECOND = 10**6
DAY = 24 * 60 * 60 * SECOND
UNITS = {"s": 1, "secs": 1, "m": 60, "mins": 60, "h": 3600, "d": 86400}
# What one process does is seen by another so soon, on a busy machine.
SLACK = 2 * SECOND
# Each check shows at most this many of its findings.
SHOWN = 5


def problems(database, purged=False, slack=SLACK, replay_from=0):
    """What is wrong with a database, a text for each; it may be in use.

    purged: rows were deleted by doveadm geotrip purge. slack: how long after a
    suspension began or ended a login may be judged as if it had not. Where
    nothing happens at the same time, that is 0. replay_from: purge left alone
    what came from then on; None: do not replay the rules."""
    with contextlib.closing(sqlite3.connect(
            f"file:{database}?mode=ro", uri=True)) as db:
        db.text_factory = os.fsdecode
        # Whatever is written meanwhile, all checks see the same.
        db.execute("BEGIN")
        found = list(_file(db))
        # The rest would only tell the same again.
        if found:
            return found
        found += _suspensions(db, purged)
        found += _evidence(db, purged)
        found += _totals(db, purged)
        found += _tripped(db)
        found += _times(db)
        found += _enforced(db, purged, slack)
        if replay_from is not None:
            found += _replay(db, replay_from, slack)
        return found


def _ask(db, what, sql, *values):
    """A problem if there are rows."""
    rows = db.execute(sql, values).fetchmany(SHOWN + 1)
    if rows:
        shown = ", ".join(map(repr, rows[:SHOWN]))
        more = ", ..." if len(rows) > SHOWN else ""
        yield f"{what}: {shown}{more}"


def _file(db):
    answer = [row[0] for row in db.execute("PRAGMA integrity_check")]
    if answer != ["ok"]:
        yield f"integrity_check: {answer[:SHOWN]}"
    yield from _ask(db, "foreign_key_check", "PRAGMA foreign_key_check")


def _suspensions(db, purged):
    yield from _ask(
        db, "users with more than one active suspension",
        "SELECT user_id, count(*) FROM suspension WHERE released_at IS NULL"
        " GROUP BY user_id HAVING count(*) > 1")
    yield from _ask(
        db, "suspensions without exactly one notice to the owner",
        "SELECT id FROM suspension s WHERE (SELECT count(*) FROM notice"
        " WHERE suspension_id = s.id AND kind = 'suspended') <> 1")
    yield from _ask(
        db, "suspensions that overlap with an earlier one of the user",
        "SELECT s.id, e.id FROM suspension s JOIN suspension e"
        " ON e.user_id = s.user_id AND e.id < s.id"
        " WHERE e.released_at IS NULL OR e.released_at > s.since")
    if not purged:
        yield from _ask(
            db, "refused logins that began no suspension",
            "SELECT id FROM login WHERE verdict = 'trip' AND NOT EXISTS"
            " (SELECT 1 FROM evidence WHERE login_id = login.id)")


def _parse_rule(text):
    """The number of countries, and the window."""
    countries, number, unit = re.fullmatch(
        r"(\d+) countries in (\d+) ?([a-z]+)", text).groups()
    return int(countries), int(number) * UNITS[unit] * SECOND


def _evidence(db, purged):
    """The evidence of each suspension by a rule makes the rule true."""
    logins = collections.defaultdict(list)
    for suspension, *login in db.execute(
            "SELECT e.suspension_id, l.user_id, l.time, l.country, l.verdict"
            " FROM evidence e JOIN login l ON l.id = e.login_id"
            " ORDER BY l.time, l.id"):
        logins[suspension].append(login)
    forgiven = collections.defaultdict(int)
    for number, user, since, rule, countries, source, released_at in (
            db.execute("SELECT id, user_id, since, rule, countries, source,"
                       " released_at FROM suspension ORDER BY since, id")):
        rows = logins.pop(number, [])
        if source == "rule" and not (purged and released_at is not None):
            wrong = _wrong_evidence(rows, user, since, rule, countries,
                                    forgiven[user])
            if wrong:
                yield f"the evidence of suspension {number} {wrong}: {rows}"
        elif source != "rule" and rows:
            yield f"suspension {number} by an operator has evidence"
        forgiven[user] = max(forgiven[user], released_at or 0)


def _wrong_evidence(rows, user, since, rule, countries, forgiven):
    if not rows:
        return "is missing"
    least, window = _parse_rule(rule)
    users, times, seen, verdicts = zip(*rows)
    if set(users) != {user}:
        return "is another user's"
    if len(set(seen)) != len(seen) or len(seen) < least or None in seen:
        return f"does not have {least} countries"
    if " ".join(seen) != countries:
        return f"has other countries than {countries}"
    if times[-1] - times[0] >= window:
        return "does not fit into the window"
    if times[0] <= forgiven:
        return "was forgiven"
    if verdicts[:-1] != ("allow",) * (len(rows) - 1):
        return "has logins that were not allowed"
    if verdicts[-1] != "trip" or times[-1] != since:
        return "does not end with the login that was refused"
    return None


def _totals(db, purged):
    """The totals are those of the rows; of rows that were deleted, too."""
    yield from _ask(
        db, "countries and days whose totals are not those of the rows",
        "SELECT * FROM (SELECT time / ? AS day, service,"
        " coalesce(country, '') AS country, count(*) AS logins,"
        " sum(verdict IN ('trip', 'observe')) AS trips"
        " FROM login GROUP BY 1, 2, 3) AS counted"
        " LEFT JOIN country_day AS kept USING (day, service, country)"
        " WHERE kept.logins IS NULL"
        f" OR kept.logins {'<' if purged else '<>'} counted.logins"
        f" OR kept.trips {'<' if purged else '<>'} counted.trips", DAY)
    if not purged:
        yield from _ask(
            db, "more logins in country_day than in login",
            "SELECT * FROM (SELECT (SELECT sum(logins) FROM country_day) AS d,"
            " (SELECT count(*) FROM login) AS l) WHERE d <> l")
    # Evidence may be older than what purge keeps of the places.
    yield from _ask(
        db, "places of logins that are missing, or too old",
        "SELECT * FROM (SELECT user_id, service,"
        " coalesce(country, '') AS country, max(time) AS time"
        " FROM login WHERE id NOT IN (SELECT login_id FROM evidence)"
        " AND id <> (SELECT max(id) FROM login)"
        " GROUP BY 1, 2, 3) AS counted"
        " LEFT JOIN place AS kept USING (user_id, service, country)"
        " WHERE kept.last_time IS NULL OR kept.last_time < counted.time - ?",
        60 * SECOND)
    yield from _ask(db, "logins of nobody",
                    "SELECT id FROM login"
                    " WHERE user_id NOT IN (SELECT id FROM user)")
    yield from _ask(db, "logins that user_login does not have",
                    "SELECT id FROM login"
                    " WHERE id <= (SELECT login_id FROM user_login_end)"
                    " AND id NOT IN (SELECT login_id FROM user_login)")


def _tripped(db):
    """Who tripped is counted, and who was marked is listed."""
    # The last login of all, and evidence, may be older than what purge keeps.
    kept = ("id <> (SELECT max(id) FROM login)"
            " AND id NOT IN (SELECT login_id FROM evidence)")
    yield from _ask(
        db, "logins that were observed and have no mark",
        "SELECT id FROM login WHERE verdict = 'observe' AND NOT EXISTS"
        " (SELECT 1 FROM mark WHERE mark.user_id = login.user_id"
        f" AND mark.time = login.time) AND {kept}")
    yield from _ask(
        db, "accounts that tripped and do not count for the brake",
        "SELECT DISTINCT user_id FROM login"
        " WHERE verdict IN ('trip', 'observe') AND NOT EXISTS"
        " (SELECT 1 FROM tripped JOIN tripped_domain USING (domain)"
        " WHERE tripped.user_id = login.user_id"
        f" AND tripped_domain.time >= tripped.time) AND {kept}")


def _times(db):
    now = int(time.time() * SECOND) + SECOND
    yield from _ask(db, "logins at times that cannot be",
                    "SELECT id, time FROM login WHERE time > ?"
                    " OR time < ? - 366 * ?", now, now, DAY)
    yield from _ask(
        db, "suspensions at times that cannot be",
        "SELECT id, since, until, released_at FROM suspension"
        " WHERE since > ?1 OR until <= since OR released_at > ?1"
        " OR released_at < since"
        " OR (released_by = 'time' AND released_at <> until)"
        " OR (released_by IS NULL) <> (released_at IS NULL)", now)
    yield from _ask(db, "users cleared at times that cannot be",
                    "SELECT id, cleared_at FROM user WHERE cleared_at > ?",
                    now)
    yield from _ask(
        db, "releases that did not clear the user's window",
        "SELECT s.id FROM suspension s JOIN user u ON u.id = s.user_id"
        " WHERE s.released_at > u.cleared_at")
    yield from _ask(
        db, "notices at times that cannot be",
        "SELECT id FROM notice WHERE sent_at > ?"
        " OR (state = 'sent') <> (sent_at IS NOT NULL)", now)


def _enforced(db, purged, slack):
    """Suspended users are refused, and nobody else."""
    yield from _ask(
        db, "logins that were allowed during a suspension",
        "SELECT l.id, s.id, (l.time - s.since) / 1e6"
        " FROM suspension s JOIN login l ON l.user_id = s.user_id"
        " WHERE l.time > s.since + ?1 AND l.verdict = 'allow'"
        " AND l.service IN ('smtp', 'submission')"
        " AND (s.released_at IS NULL OR l.time < s.released_at - ?1)"
        " AND (s.until IS NULL OR l.time < s.until - ?1)", slack)
    if purged:
        return
    yield from _ask(
        db, "logins that were refused without a suspension",
        "SELECT id FROM login l WHERE verdict = 'blocked' AND NOT EXISTS"
        " (SELECT 1 FROM suspension s WHERE s.user_id = l.user_id"
        " AND l.time >= s.since - ?1"
        " AND l.time <= coalesce(s.released_at, l.time) + ?1)", slack)


def _replay(db, since, slack):
    """No login was allowed that made the rule true. The rule is the one of the
    suspensions; if it was changed, there is nothing to be replayed."""
    rules = [row[0] for row in db.execute(
        "SELECT DISTINCT rule FROM suspension WHERE rule IS NOT NULL")]
    if len(rules) != 1:
        return
    least, window = _parse_rule(rules[0])
    releases = collections.defaultdict(list)
    for user, released_at in db.execute(
            "SELECT user_id, released_at FROM suspension"
            " WHERE released_at IS NOT NULL ORDER BY released_at"):
        releases[user].append(released_at)
    missed = []
    current, seen = None, {}
    for number, user, when, country in db.execute(
            "SELECT id, user_id, time, country FROM login"
            " WHERE verdict = 'allow' AND country IS NOT NULL AND time >= ?"
            " ORDER BY user_id, time, id", (since,)):
        if user != current:
            current, seen = user, {}
        # It may have been on its way to the guard when its user was released.
        forgiven = max((end for end in releases[user] if end <= when + slack),
                       default=0)
        seen = {place: last for place, last in seen.items()
                if last > forgiven and when - last < window}
        seen[country] = when
        if len(seen) >= least:
            missed.append((number, user, when, sorted(seen)))
    if missed:
        yield f"{len(missed)} logins that should have tripped a rule:" \
            f" {missed[:SHOWN]}"
