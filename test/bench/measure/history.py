"""A database with the logins of a month, made by SQLite itself. The load
generator's users are among its users, and come from the same countries."""

import contextlib
import socket
import sqlite3
import time

DAYS = 30
USECS_PER_DAY = 86_400_000_000
HOME_STEP = 7919  # as in load-plan.c
ENDED, ACTIVE = 1000, 100

FILL = """
CREATE TEMP TABLE home (number INTEGER PRIMARY KEY, country TEXT, ip BLOB);
"""

USERS = """
WITH RECURSIVE n (n) AS (
  SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < :users)
INSERT INTO user (id, name) SELECT n + 1, 'user' || n || '@example.com' FROM n
"""

# In the order of time. Each row is of a random user, at home.
LOGINS = """
WITH RECURSIVE n (n, user) AS (
  SELECT :first, abs(random()) % :users UNION ALL
  SELECT n + 1, abs(random()) % :users FROM n WHERE n + 1 < :last)
INSERT INTO login (user_id, time, country, ip, service, mechanism, verdict)
SELECT user + 1, :begin + n * :step, home.country, home.ip, 'smtp', 'PLAIN',
  'allow' FROM n CROSS JOIN home
  ON home.number = user * :home % :countries * :ips + n % :ips
"""

TOTALS = """
INSERT INTO country_day (day, service, country, logins, trips)
SELECT time / 86400000000, service, country, count(*), 0 FROM login
GROUP BY 1, 2, 3
"""

PLACES = """
INSERT INTO place (user_id, country, service, last_time, allowed_time,
  allowed_id)
SELECT user_id, coalesce(country, ''), service, max(time), max(time), id
FROM login GROUP BY 1, 2, 3
"""

USER_LOGINS = """
INSERT INTO user_login (user_id, login_id)
SELECT user_id, id FROM login ORDER BY user_id, id
"""

USER_LOGIN_END = """
UPDATE user_login_end SET login_id = (SELECT max(id) FROM login)
"""

# Of users that the load leaves alone: the last ones.
SUSPENSIONS = """
WITH RECURSIVE n (n) AS (
  SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < :count)
INSERT INTO suspension (user_id, since, until, reason, rule, countries, source,
  released_at, released_by)
SELECT :users - n, :time, :time + 86400000000, '3 countries in 1h',
  '3 countries in 1h', 'JP US BR', 'rule',
  iif(n < :ended, :time + 86400000000, NULL), iif(n < :ended, 'time', NULL)
FROM n
"""


def fill(path, addresses, rows, users, say):
    """Fill a database that has its tables already and is not in use."""
    places = [line.split() for line in addresses.read_text().splitlines()]
    countries = len({country for country, _ in places})
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        # It is of no use to anybody if this is interrupted.
        db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                         "PRAGMA cache_size = -1000000;"
                         "PRAGMA locking_mode = EXCLUSIVE;"
                         "BEGIN;" + FILL)
        db.executemany("INSERT INTO home VALUES (?, ?, ?)", (
            (number, country, packed(ip))
            for number, (country, ip) in enumerate(places)))
        db.execute(USERS, {"users": users})
        now = int(time.time() * 1e6)
        begin = now - DAYS * USECS_PER_DAY
        values = {"users": users, "begin": begin, "home": HOME_STEP,
                  "step": DAYS * USECS_PER_DAY // rows,
                  "countries": countries, "ips": len(places) // countries}
        for first in range(0, rows, 1_000_000):
            db.execute(LOGINS, {**values, "first": first,
                                "last": min(rows, first + 1_000_000)})
            say(f"history: {min(rows, first + 1_000_000)} of {rows} rows")
        db.execute(TOTALS)
        db.execute(PLACES)
        db.execute(USER_LOGINS)
        db.execute(USER_LOGIN_END)
        ended = min(ENDED, users // 10)
        active = min(ACTIVE, users // 20)
        db.execute(SUSPENSIONS, {"users": users, "time": now, "ended": ended,
                                 "count": ended + active})
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode = WAL")
    return ended + active


def packed(ip):
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    return socket.inet_pton(family, ip)
