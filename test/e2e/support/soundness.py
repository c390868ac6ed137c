"""What is true of every database, whatever happened to its server."""

# Each finds what must not be there.
_QUERIES = (
    "SELECT integrity_check FROM pragma_integrity_check"
    " WHERE integrity_check <> 'ok'",
    'SELECT "table", rowid FROM pragma_foreign_key_check',
    # more than one active suspension of a user
    "SELECT user_id, count(*) FROM suspension WHERE released_at IS NULL"
    " GROUP BY user_id HAVING count(*) > 1",
    # more than one notice of a kind, or none to the owner
    "SELECT suspension_id, kind FROM notice GROUP BY suspension_id, kind"
    " HAVING count(*) > 1",
    "SELECT id FROM suspension WHERE id NOT IN"
    " (SELECT suspension_id FROM notice WHERE kind = 'suspended')",
    # evidence of somebody else
    "SELECT s.id FROM suspension s JOIN evidence e ON e.suspension_id = s.id"
    " JOIN login l ON l.id = e.login_id WHERE l.user_id <> s.user_id",
    # rows that the totals do not have; purge leaves the totals alone
    "SELECT l.service, count(*), max(coalesce(sum, 0)) FROM login l LEFT JOIN"
    " (SELECT service, sum(logins) AS sum FROM country_day GROUP BY service) c"
    " ON c.service = l.service GROUP BY l.service"
    " HAVING count(*) > coalesce(sum, 0)",
)


def flaws(server):
    """What is wrong in the database of a server: nothing, if it is sound."""
    return [(query, rows) for query in _QUERIES
            if (rows := server.query(query))]
