-- While too many accounts trip, none is suspended: something is wrong with the
-- country database or with the network rather than with all of them.

CREATE TABLE brake (
	id INTEGER PRIMARY KEY,
	-- when it took hold
	since INTEGER NOT NULL,
	-- geotrip_max_suspensions as it was then: 100 in 1h
	max TEXT NOT NULL,
	-- the last time that it was seen that there were too many
	over_at INTEGER NOT NULL,
	-- NULL while it holds
	ended_at INTEGER,
	-- operator, time when there were few enough again for long enough, or
	-- settings when there is no limit any more
	ended_by TEXT CHECK (ended_by IN ('operator', 'time', 'settings'))
) STRICT;

-- Only one holds at a time.
CREATE UNIQUE INDEX brake_active ON brake (ended_at IS NULL)
	WHERE ended_at IS NULL;
