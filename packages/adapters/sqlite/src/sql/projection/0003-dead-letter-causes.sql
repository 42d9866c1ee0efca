-- The cause: the reason without what varies from letter to letter. SQL cannot work it out: of letters that were there
-- before it is NULL until the store has started. `cause_attribute` is the attribute where letters are told apart by it,
-- else empty.
ALTER TABLE dead_letters ADD COLUMN cause TEXT;
ALTER TABLE dead_letters ADD COLUMN cause_attribute TEXT;
-- Letters of one cause in the order in which they died.
CREATE INDEX dead_letters_cause ON dead_letters (cause);
-- All that the list of causes tells, in its order, so that groups of any size need no memory.
CREATE INDEX dead_letters_causes ON dead_letters (cause, flow, action, kind, cause_attribute, dead_at);
