-- A login is written by the process that lets everybody in: what it costs must
-- not grow with the history. So login is a log. What the rules need of the past
-- is in place, one row for each place that a user comes from, which is brought
-- up to date once a minute. What people need, the logins of one user, is found
-- by user_login, which others bring up to date.

CREATE TABLE login_2 (
	-- purge never deletes the last one: ids are not used again
	id INTEGER PRIMARY KEY,
	-- of a row of user (without REFERENCES: it would be looked for at each
	-- login; purge deletes no user with a place)
	user_id INTEGER NOT NULL,
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
	-- observe: it made a rule true, and was let in (geotrip_mode = observe,
	--          or too many accounts tripped)
	-- (without IN: SQLite would sort that list at each INSERT, which costs
	-- as much as the rest of it)
	verdict TEXT NOT NULL
		CHECK (verdict = 'allow' OR verdict = 'blocked' OR
			verdict = 'trip' OR verdict = 'observe'),
	-- Dovecot's session id, NULL if there was none (Postfix, Exim)
	session TEXT
) STRICT;

INSERT INTO login_2 SELECT * FROM login;

-- Rows of evidence must not go away with the old table.
CREATE TABLE evidence_2 (
	suspension_id INTEGER NOT NULL
		REFERENCES suspension (id) ON DELETE CASCADE,
	login_id INTEGER NOT NULL REFERENCES login_2 (id) ON DELETE CASCADE,
	PRIMARY KEY (suspension_id, login_id)
) STRICT, WITHOUT ROWID;

INSERT INTO evidence_2 SELECT * FROM evidence;

DROP TABLE evidence;
DROP TABLE login;
ALTER TABLE login_2 RENAME TO login;
ALTER TABLE evidence_2 RENAME TO evidence;

CREATE INDEX evidence_login ON evidence (login_id);

-- Finds those that tripped lately, which are few.
CREATE INDEX login_tripped ON login (time, user_id)
	WHERE verdict = 'trip' OR verdict = 'observe';

-- The places that users come from.
CREATE TABLE place (
	user_id INTEGER NOT NULL,
	-- the empty string where it is not known
	country TEXT NOT NULL,
	service TEXT NOT NULL,
	-- the last login, whatever its verdict; up to a minute too early
	last_time INTEGER NOT NULL,
	-- the last one that was let in, and its row; likewise. NULL: there was
	-- none
	allowed_time INTEGER,
	allowed_id INTEGER,
	PRIMARY KEY (user_id, country, service)
) STRICT, WITHOUT ROWID;

INSERT INTO place (user_id, country, service, last_time)
	SELECT user_id, coalesce(country, ''), service, max(time)
	FROM login GROUP BY 1, 2, 3;
UPDATE place SET allowed_time = allowed.time, allowed_id = allowed.id
	FROM (SELECT user_id, coalesce(country, '') AS country, service,
			max(time) AS time, id
		FROM login WHERE verdict = 'allow' GROUP BY 1, 2, 3) AS allowed
	WHERE allowed.user_id = place.user_id
		AND allowed.country = place.country
		AND allowed.service = place.service;

-- The logins of each user: those up to user_login_end.
CREATE TABLE user_login (
	user_id INTEGER NOT NULL,
	-- there may be none any more
	login_id INTEGER NOT NULL,
	PRIMARY KEY (user_id, login_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE user_login_end (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	login_id INTEGER NOT NULL
) STRICT;

INSERT INTO user_login_end (id, login_id) VALUES (1, 0);
