-- Notices of several kinds, each claimed by one process for its delivery.

CREATE TABLE notice_2 (
	id INTEGER PRIMARY KEY,
	-- what it tells of: one of the two
	suspension_id INTEGER REFERENCES suspension (id) ON DELETE CASCADE,
	brake_id INTEGER REFERENCES brake (id) ON DELETE CASCADE,
	-- suspended:   tells the owner of the account
	-- released:    tells the owner that sending works again
	-- copy:        the first one again, for the administrator
	-- undelivered: tells the administrator that the owner was not told
	-- brake:       tells the administrator that nobody is suspended
	-- The default is for an auth process that is still the one before an
	-- upgrade: its suspensions must not fail.
	kind TEXT NOT NULL DEFAULT 'suspended' CHECK (kind IN
		('suspended', 'released', 'copy', 'undelivered', 'brake')),
	-- queued:    to be delivered
	-- withdrawn: not true any more before it was delivered
	-- sent, failed: how the delivery ended
	state TEXT NOT NULL DEFAULT 'queued'
		CHECK (state IN ('queued', 'withdrawn', 'sent', 'failed')),
	-- how often the delivery was tried
	attempts INTEGER NOT NULL DEFAULT 0,
	-- not to be tried before this time
	next_attempt INTEGER NOT NULL,
	-- a process that delivers it has it for itself up to this time; NULL:
	-- none does
	lease_until INTEGER,
	-- the addresses that did not take it yet, a line each; NULL: all of
	-- them
	pending_to TEXT,
	sent_at INTEGER,
	-- why the last try failed
	error TEXT,
	UNIQUE (suspension_id, kind),
	CHECK ((suspension_id IS NULL) <> (brake_id IS NULL))
) STRICT;

INSERT INTO notice_2 (id, suspension_id, kind, state, attempts, next_attempt,
		sent_at, error)
	SELECT id, suspension_id, 'suspended', state, attempts, next_attempt,
		sent_at, error
	FROM notice;

DROP TABLE notice;
ALTER TABLE notice_2 RENAME TO notice;

CREATE INDEX notice_queued ON notice (kind, next_attempt, id)
	WHERE state = 'queued';
CREATE INDEX notice_brake ON notice (brake_id) WHERE brake_id IS NOT NULL;
