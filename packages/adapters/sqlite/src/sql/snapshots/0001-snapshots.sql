CREATE TABLE snapshots (
  name TEXT PRIMARY KEY,
  position TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  -- JSON.
  state TEXT NOT NULL
);
