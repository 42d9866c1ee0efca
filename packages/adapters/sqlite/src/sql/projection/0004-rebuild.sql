-- The last switch to a projection that was made anew, and what is kept to take it back. Rows, dead letters and counts of
-- before it are in tables that each switch makes with the columns that there are then: sluice_rebuild_rows,
-- sluice_rebuild_letters, sluice_rebuild_messages, sluice_rebuild_counts.
CREATE TABLE sluice_rebuild_switch (
  only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
  id TEXT NOT NULL,
  position TEXT NOT NULL,
  added INTEGER NOT NULL,
  removed INTEGER NOT NULL,
  changed INTEGER NOT NULL
);
-- Events of rows that it added.
CREATE TABLE sluice_rebuild_added (
  event_id TEXT PRIMARY KEY
) WITHOUT ROWID;
