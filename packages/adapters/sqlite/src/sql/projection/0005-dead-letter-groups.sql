-- How many letters each cause has. Here a query runs to its end in the thread that asks, which takes messages in too: it
-- must not count a million letters. Triggers keep the numbers, whatever changes a letter.
CREATE TABLE dead_letter_groups (
  cause TEXT NOT NULL,
  flow TEXT NOT NULL,
  action TEXT NOT NULL,
  kind TEXT NOT NULL,
  cause_attribute TEXT NOT NULL,
  letters INTEGER NOT NULL,
  PRIMARY KEY (cause, flow, action, kind, cause_attribute)
) WITHOUT ROWID;
-- The most numerous first.
CREATE INDEX dead_letter_groups_letters ON dead_letter_groups (letters);

INSERT INTO dead_letter_groups
  SELECT cause, flow, action, kind, cause_attribute, count(*) FROM dead_letters
  WHERE cause IS NOT NULL GROUP BY cause, flow, action, kind, cause_attribute;

CREATE TRIGGER dead_letter_added AFTER INSERT ON dead_letters WHEN new.cause IS NOT NULL BEGIN
  INSERT INTO dead_letter_groups VALUES (new.cause, new.flow, new.action, new.kind, new.cause_attribute, 1)
    ON CONFLICT DO UPDATE SET letters = letters + 1;
END;
CREATE TRIGGER dead_letter_removed AFTER DELETE ON dead_letters WHEN old.cause IS NOT NULL BEGIN
  UPDATE dead_letter_groups SET letters = letters - 1
    WHERE (cause, flow, action, kind, cause_attribute)
      = (old.cause, old.flow, old.action, old.kind, old.cause_attribute);
  DELETE FROM dead_letter_groups
    WHERE (cause, flow, action, kind, cause_attribute)
      = (old.cause, old.flow, old.action, old.kind, old.cause_attribute) AND letters = 0;
END;
CREATE TRIGGER dead_letter_changed AFTER UPDATE ON dead_letters
  WHEN (old.cause, old.flow, old.action, old.kind, old.cause_attribute)
    IS NOT (new.cause, new.flow, new.action, new.kind, new.cause_attribute)
BEGIN
  UPDATE dead_letter_groups SET letters = letters - 1
    WHERE (cause, flow, action, kind, cause_attribute)
      = (old.cause, old.flow, old.action, old.kind, old.cause_attribute);
  DELETE FROM dead_letter_groups
    WHERE (cause, flow, action, kind, cause_attribute)
      = (old.cause, old.flow, old.action, old.kind, old.cause_attribute) AND letters = 0;
  INSERT INTO dead_letter_groups
    SELECT new.cause, new.flow, new.action, new.kind, new.cause_attribute, 1 WHERE new.cause IS NOT NULL
    ON CONFLICT DO UPDATE SET letters = letters + 1;
END;
