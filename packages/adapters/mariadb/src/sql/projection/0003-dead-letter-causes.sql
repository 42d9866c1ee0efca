-- The cause: the reason without what varies from letter to letter. SQL cannot work it out: of letters that were there
-- before it is NULL until the store has started. `cause_attribute` is the attribute where letters are told apart by it,
-- else empty. The first index has letters of one cause in the order in which they died; the second all that the list of
-- causes tells, in its order, so that groups of any size need no memory.
ALTER TABLE dead_letters
  ADD COLUMN IF NOT EXISTS cause VARCHAR(200) NULL,
  ADD COLUMN IF NOT EXISTS cause_attribute VARCHAR(255) NULL,
  ADD INDEX IF NOT EXISTS dead_letters_cause (cause),
  ADD INDEX IF NOT EXISTS dead_letters_causes (cause, flow, action, kind, cause_attribute, dead_at);
