-- The cause: the reason without what varies from letter to letter. SQL cannot work it out: of letters that were there
-- before it is NULL until the store has started. `cause_attribute` is the attribute where letters are told apart by it,
-- else empty.
ALTER TABLE sluice_dead_letters
  ADD COLUMN cause text COLLATE "C",
  ADD COLUMN cause_attribute text COLLATE "C";
-- Letters of one cause in the order in which they died.
CREATE INDEX sluice_dead_letters_cause ON sluice_dead_letters (cause, seq);
-- All that the list of causes tells, in its order, so that groups of any size need no memory.
CREATE INDEX sluice_dead_letters_causes ON sluice_dead_letters (cause, flow, action, kind, cause_attribute, dead_at);
