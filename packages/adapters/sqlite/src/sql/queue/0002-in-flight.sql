-- What a publisher has sent and the broker has not acknowledged. `received`: the broker has said PUBREC.
CREATE TABLE in_flight (
  -- The order of sending.
  seq INTEGER PRIMARY KEY,
  publisher TEXT NOT NULL,
  id TEXT NOT NULL,
  packet_id INTEGER NOT NULL,
  qos INTEGER NOT NULL,
  received INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  enqueued_at INTEGER NOT NULL,
  payload BLOB NOT NULL,
  UNIQUE (publisher, id)
);

-- Which session at which broker the packet identifiers belong to.
CREATE TABLE publisher_sessions (
  publisher TEXT PRIMARY KEY,
  session TEXT NOT NULL
) WITHOUT ROWID;
