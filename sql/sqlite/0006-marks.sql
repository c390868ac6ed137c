-- The accounts that tripped recently, for the brake, and those that would have
-- been suspended, for operators.
--
-- The brake counts accounts, per domain and in total. In login one account can
-- have any number of rows that tripped; here it has one. The index
-- login_tripped stays for an auth process from before an upgrade.

-- The last trip or mark of each account.
CREATE TABLE tripped (
	user_id INTEGER PRIMARY KEY REFERENCES user (id) ON DELETE CASCADE,
	-- the part after the last @ of the user's name, in lower case; the
	-- empty string if there is none
	domain TEXT NOT NULL,
	-- of the last one written
	time INTEGER NOT NULL
) STRICT;

CREATE INDEX tripped_of_domain ON tripped (domain, time);

-- The domains of these accounts. Finds those with accounts that tripped in
-- the last hour, say, without reading all of them.
CREATE TABLE tripped_domain (
	id INTEGER PRIMARY KEY,
	domain TEXT NOT NULL UNIQUE,
	-- at least that of each of its accounts
	time INTEGER NOT NULL
) STRICT;

CREATE INDEX tripped_domain_time ON tripped_domain (time);

INSERT INTO tripped (user_id, domain, time)
	SELECT user.id,
		CASE instr(user.name, '@') WHEN 0 THEN '' ELSE
			lower(substr(user.name, 1 + length(rtrim(user.name,
				replace(user.name, '@', '')))))
		END,
		max(login.time)
	FROM login INDEXED BY login_tripped
		JOIN user ON user.id = login.user_id
	WHERE login.verdict = 'trip' OR login.verdict = 'observe'
	GROUP BY user.id;
INSERT INTO tripped_domain (domain, time)
	SELECT domain, max(time) FROM tripped GROUP BY domain;

-- Logins with the verdict observe: who would have been suspended, and why.
CREATE TABLE mark (
	id INTEGER PRIMARY KEY,
	user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
	-- of the login
	time INTEGER NOT NULL,
	-- the rule as configured; NULL: unknown
	rule TEXT,
	-- those that made the rule true, separated by spaces, in the order in
	-- which they were seen
	countries TEXT NOT NULL,
	-- why nobody was suspended. observe: geotrip_mode = observe, brake:
	-- too many accounts tripped
	cause TEXT NOT NULL CHECK (cause = 'observe' OR cause = 'brake')
) STRICT;

CREATE INDEX mark_time ON mark (time);
CREATE INDEX mark_user ON mark (user_id, time);

-- For older ones, only the country of the last login is known.
INSERT INTO mark (user_id, time, countries, cause)
	SELECT user_id, time, coalesce(country, ''),
		CASE WHEN EXISTS (SELECT 1 FROM brake
			WHERE brake.since <= login.time AND
			coalesce(brake.ended_at, login.time) >= login.time)
		THEN 'brake' ELSE 'observe' END
	FROM login INDEXED BY login_tripped
	WHERE (verdict = 'trip' OR verdict = 'observe')
		AND verdict = 'observe' AND user_id IN (SELECT id FROM user)
	ORDER BY time, id;

-- The domain whose accounts are not suspended; NULL: no account is.
ALTER TABLE brake ADD COLUMN domain TEXT;

-- Only one for each domain, and one for all, is active at a time.
DROP INDEX brake_active;
CREATE UNIQUE INDEX brake_active ON brake (coalesce('@' || domain, ''))
	WHERE ended_at IS NULL;
-- Finds the last one that ended.
CREATE INDEX brake_ended ON brake (domain, ended_at);
