-- The first schema of geotrip.
--
-- Times are integer microseconds since 1970 UTC. Addresses are blobs of 4 or
-- 16 bytes in network order. Countries are ISO 3166-1 codes, two capital
-- letters, or NULL where the country is not known.

-- Every account that was ever recorded or suspended.
CREATE TABLE user (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	-- as Dovecot knows it, after auth_username_format
	name TEXT NOT NULL UNIQUE,
	-- logins up to this time never count for a rule again
	cleared_at INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Every successful SASL authentication of a counted service, and every one
-- that was refused because the account is suspended.
CREATE TABLE login (
	id INTEGER PRIMARY KEY,
	user_id INTEGER NOT NULL REFERENCES user (id),
	time INTEGER NOT NULL,
	country TEXT,
	-- NULL if the client had no address
	ip BLOB,
	-- Dovecot's name: smtp, submission, imap, ...
	service TEXT NOT NULL,
	-- the SASL mechanism
	mechanism TEXT NOT NULL,
	-- allow:   the client was let in
	-- trip:    it made a rule true, was refused, and began a suspension
	-- blocked: it was refused because the account was suspended already
	-- observe: it made a rule true, and was let in (geotrip_mode = observe)
	verdict TEXT NOT NULL
		CHECK (verdict IN ('allow', 'trip', 'blocked', 'observe')),
	-- Dovecot's session id, NULL if there was none (Postfix, Exim)
	session TEXT
) STRICT;

CREATE INDEX login_user_time ON login (user_id, time);

-- Every suspension, ended ones included.
CREATE TABLE suspension (
	id INTEGER PRIMARY KEY,
	user_id INTEGER NOT NULL REFERENCES user (id),
	since INTEGER NOT NULL,
	-- when it ends by itself; NULL: not before somebody releases it
	until INTEGER,
	-- for people
	reason TEXT NOT NULL,
	-- the rule as configured, NULL if an operator suspended the account
	rule TEXT,
	-- the countries that made the rule true, separated by spaces, in the
	-- order in which they were seen
	countries TEXT NOT NULL DEFAULT '',
	-- rule or operator
	source TEXT NOT NULL CHECK (source IN ('rule', 'operator')),
	-- NULL while it is active
	released_at INTEGER,
	-- operator, or time when it ended by itself
	released_by TEXT CHECK (released_by IN ('operator', 'time')),
	release_reason TEXT
) STRICT;

-- An account has at most one active suspension.
CREATE UNIQUE INDEX suspension_active ON suspension (user_id)
	WHERE released_at IS NULL;
CREATE INDEX suspension_user ON suspension (user_id);

-- The logins that made the rule of a suspension true.
CREATE TABLE evidence (
	suspension_id INTEGER NOT NULL
		REFERENCES suspension (id) ON DELETE CASCADE,
	login_id INTEGER NOT NULL REFERENCES login (id) ON DELETE CASCADE,
	PRIMARY KEY (suspension_id, login_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX evidence_login ON evidence (login_id);

-- What the owner of a suspended account is told.
CREATE TABLE notice (
	id INTEGER PRIMARY KEY,
	suspension_id INTEGER NOT NULL UNIQUE
		REFERENCES suspension (id) ON DELETE CASCADE,
	-- queued:    to be delivered
	-- withdrawn: the account was released before the delivery
	-- sent, failed: how the delivery ended
	state TEXT NOT NULL DEFAULT 'queued'
		CHECK (state IN ('queued', 'withdrawn', 'sent', 'failed')),
	-- how often the delivery was tried
	attempts INTEGER NOT NULL DEFAULT 0,
	-- not to be tried before this time
	next_attempt INTEGER NOT NULL,
	sent_at INTEGER,
	-- why the last try failed
	error TEXT
) STRICT;

CREATE INDEX notice_queued ON notice (next_attempt) WHERE state = 'queued';

-- Totals that outlive the rows of login.
CREATE TABLE country_day (
	-- days since 1970 UTC
	day INTEGER NOT NULL,
	service TEXT NOT NULL,
	-- the empty string where the country is not known
	country TEXT NOT NULL,
	-- rows of login, whatever their verdict
	logins INTEGER NOT NULL,
	-- those of them with the verdict trip or observe
	trips INTEGER NOT NULL,
	PRIMARY KEY (day, service, country)
) STRICT, WITHOUT ROWID;

-- The face for other programs: these accounts must not send now.
CREATE VIEW active_suspension (user, since, until, reason) AS
	SELECT user.name, suspension.since, suspension.until,
		suspension.reason
	FROM suspension JOIN user ON user.id = suspension.user_id
	WHERE suspension.released_at IS NULL
		AND (suspension.until IS NULL OR
			suspension.until > strftime('%s', 'now') * 1000000);
