-- How many users came from a country, without reading all of their logins.

CREATE TABLE country_user (
	user_id INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
	service TEXT NOT NULL,
	-- the empty string where the country is not known
	country TEXT NOT NULL,
	-- the last day with a login, in days since 1970 UTC
	last_day INTEGER NOT NULL,
	PRIMARY KEY (user_id, service, country)
) STRICT, WITHOUT ROWID;

INSERT INTO country_user (user_id, service, country, last_day)
	SELECT user_id, service, coalesce(country, ''),
		max(time) / 86400000000
	FROM login GROUP BY user_id, service, country;
