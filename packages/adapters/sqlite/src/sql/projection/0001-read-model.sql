-- The older gateway's tables with its names and columns. Where they exist they are adopted as they are: the columns
-- below are added to them in the same way as to new ones, and all can be left out of an INSERT.
CREATE TABLE IF NOT EXISTS mqtt_servers (
  id INTEGER PRIMARY KEY,
  host TEXT NOT NULL,
  port INTEGER NOT NULL DEFAULT 1883,
  username TEXT,
  password TEXT,
  enabled INTEGER NOT NULL DEFAULT 1,
  is_default INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS flows (
  id INTEGER PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  topic TEXT NOT NULL,
  action TEXT NOT NULL,
  payload_schema TEXT,
  endpoint_url TEXT,
  last_msg_id INTEGER NOT NULL DEFAULT 0,
  enabled INTEGER NOT NULL DEFAULT 1
);

-- Times are UTC in the older gateway's form, 'YYYY-MM-DD HH:MM:SS.ffffff', so that its rows and ours sort as one.
CREATE TABLE IF NOT EXISTS data (
  id INTEGER PRIMARY KEY,
  received_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
  flow_code TEXT NOT NULL,
  attribute_name TEXT NOT NULL,
  attribute_value TEXT,
  last_msg_id INTEGER NOT NULL DEFAULT 0
);
ALTER TABLE data ADD COLUMN event_id TEXT;
ALTER TABLE data ADD COLUMN message_id TEXT;
ALTER TABLE data ADD COLUMN action TEXT;
ALTER TABLE data ADD COLUMN value_type TEXT;
-- The value as a double, where it is a number or a boolean.
ALTER TABLE data ADD COLUMN value_number REAL;
ALTER TABLE data ADD COLUMN device_time TEXT;

-- Every index costs each row that is written; these four serve every filter of the listing. An index by flow and time
-- alone would cost an eighth of the throughput, and the few series of one flow can be merged instead.
CREATE UNIQUE INDEX data_event ON data (event_id);
CREATE INDEX data_message ON data (message_id);
CREATE INDEX data_time ON data (received_at);
CREATE INDEX data_series ON data (flow_code, attribute_name, received_at);

CREATE TABLE cursors (
  consumer TEXT PRIMARY KEY,
  position TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE sink_counts (
  flow TEXT NOT NULL,
  action TEXT NOT NULL,
  done INTEGER NOT NULL DEFAULT 0,
  dead INTEGER NOT NULL DEFAULT 0,
  discarded INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (flow, action)
) WITHOUT ROWID;

-- AUTOINCREMENT: a number is never given twice, so that paging does not pass over what dies while letters are settled.
CREATE TABLE dead_letters (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  flow TEXT NOT NULL,
  action TEXT NOT NULL,
  message_id TEXT NOT NULL,
  message_number INTEGER NOT NULL,
  attribute TEXT,
  reason TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  dead_at TEXT NOT NULL,
  event_id TEXT NOT NULL,
  -- The refused row as JSON, to be inserted by a retry; null for a delivery.
  content TEXT
);
CREATE INDEX dead_letters_flow_action ON dead_letters (flow, action);
CREATE INDEX dead_letters_flow ON dead_letters (flow);
CREATE INDEX dead_letters_action ON dead_letters (action);
CREATE INDEX dead_letters_kind ON dead_letters (kind);

-- Messages that are not simply done: with rows that are dead, or were discarded.
CREATE TABLE dead_messages (
  flow TEXT NOT NULL,
  action TEXT NOT NULL,
  message_id TEXT NOT NULL,
  dead_rows INTEGER NOT NULL,
  discarded_rows INTEGER NOT NULL,
  PRIMARY KEY (flow, action, message_id)
) WITHOUT ROWID;
