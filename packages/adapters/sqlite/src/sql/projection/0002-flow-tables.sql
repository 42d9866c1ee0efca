-- What people may add to a broker's row; NULL: as if it were not there.
ALTER TABLE mqtt_servers ADD COLUMN protocol TEXT;
ALTER TABLE mqtt_servers ADD COLUMN ca_certs TEXT;
ALTER TABLE mqtt_servers ADD COLUMN certfile TEXT;
ALTER TABLE mqtt_servers ADD COLUMN keyfile TEXT;

-- The older gateway began with a broker's row too. Ours is not enabled: without one the embedded broker is used.
INSERT INTO mqtt_servers (host, port, enabled, is_default)
  SELECT 'localhost', 1883, 0, 1 WHERE NOT EXISTS (SELECT 1 FROM mqtt_servers);

-- What the projector has written into `flows`, so that what people have changed there can be told from it.
CREATE TABLE flow_mirror (
  code TEXT PRIMARY KEY,
  description TEXT,
  topic TEXT,
  action TEXT,
  payload_schema TEXT,
  endpoint_url TEXT,
  enabled INTEGER NOT NULL
) WITHOUT ROWID;
-- Where a projector has been at work already, the rows are its.
INSERT INTO flow_mirror
  SELECT code, description, topic, action, payload_schema, endpoint_url, enabled FROM flows
  WHERE EXISTS (SELECT 1 FROM cursors);

-- Edits that gave way to the log, until they are in it. `edit` is what stood in the row, as JSON; null: it had been deleted.
CREATE TABLE flow_overruled (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  code TEXT NOT NULL,
  position TEXT NOT NULL,
  edit TEXT NOT NULL
);
