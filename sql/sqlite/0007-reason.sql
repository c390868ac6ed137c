-- Where the text in the reason of a suspension comes from.
--
-- rule:      the rule that the account made true
-- given:     an operator wrote it; shown to the owner
-- not given: ours, instead of an operator's
-- rewritten: ours, by the auth process after the database was lost
-- NULL in rows of older versions: they are recognized by the text.

ALTER TABLE suspension ADD COLUMN reason_from TEXT CHECK (reason_from IN
	('rule', 'given', 'not given', 'rewritten'));
