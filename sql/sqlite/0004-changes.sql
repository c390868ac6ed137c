-- What the auth process keeps in memory, and how it finds out that it is wrong.
--
-- It remembers users, and loads them again when another process changed
-- something about them. Most commits of other processes do not: purge deletes
-- what is old, notify writes down what it sent. This number tells them apart.

CREATE TABLE change (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	-- grows with each change of a suspension, of the time up to which a
	-- user's window is cleared, and with each user that is deleted
	number INTEGER NOT NULL
) STRICT;

INSERT INTO change (id, number) VALUES (1, 0);

-- Whoever makes the change, be it a person with a shell.
CREATE TRIGGER change_suspension_insert AFTER INSERT ON suspension BEGIN
	UPDATE change SET number = number + 1;
END;

CREATE TRIGGER change_suspension_update AFTER UPDATE ON suspension BEGIN
	UPDATE change SET number = number + 1;
END;

CREATE TRIGGER change_suspension_delete AFTER DELETE ON suspension
	WHEN old.released_at IS NULL
BEGIN
	UPDATE change SET number = number + 1;
END;

CREATE TRIGGER change_user_update AFTER UPDATE ON user BEGIN
	UPDATE change SET number = number + 1;
END;

CREATE TRIGGER change_user_delete AFTER DELETE ON user BEGIN
	UPDATE change SET number = number + 1;
END;
