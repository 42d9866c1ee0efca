-- An item waits and is ready (0), waits for its time (1), is leased (2) or is dead (3). `at` is the time, in ms since the
-- epoch, until which it waits or is leased; 0 otherwise.
CREATE TABLE items (
  -- The order of arrival.
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  group_name TEXT NOT NULL,
  priority INTEGER NOT NULL,
  state INTEGER NOT NULL,
  at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  enqueued_at INTEGER NOT NULL,
  reason TEXT,
  payload BLOB NOT NULL
);
-- What a lease gives, in its order.
CREATE INDEX items_ready ON items (group_name, priority DESC, seq) WHERE state = 0;
-- What becomes ready by itself.
CREATE INDEX items_timed ON items (group_name, state, at) WHERE state = 1 OR state = 2;
-- The head of an ordered group, and the oldest item of any.
CREATE INDEX items_alive ON items (group_name, seq) WHERE state < 3;
-- What is evicted first.
CREATE INDEX items_waiting ON items (priority, seq) WHERE state < 2;
CREATE INDEX items_dead ON items (id) WHERE state = 3;

-- Items by state, changed with them: counting a million rows takes a second.
CREATE TABLE group_tallies (
  group_name TEXT NOT NULL,
  priority INTEGER NOT NULL,
  waiting INTEGER NOT NULL,
  leased INTEGER NOT NULL,
  dead INTEGER NOT NULL,
  PRIMARY KEY (group_name, priority)
) WITHOUT ROWID;
-- The same over all groups.
CREATE TABLE priority_tallies (
  priority INTEGER PRIMARY KEY,
  waiting INTEGER NOT NULL,
  leased INTEGER NOT NULL,
  dead INTEGER NOT NULL
);

CREATE TABLE cursors (
  consumer TEXT PRIMARY KEY,
  position TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE counts (
  key TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;
