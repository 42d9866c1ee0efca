-- The event log. `event_log` below is the stable view for people; the tables may change with a migration.

CREATE TABLE streams (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  category TEXT,          -- flow, traffic or deliveries; NULL for a name that is not one of Sluice's
  flow TEXT,
  version INTEGER NOT NULL,
  first_position INTEGER NOT NULL,
  last_position INTEGER NOT NULL
) STRICT;

CREATE INDEX streams_by_flow ON streams (flow, first_position) WHERE flow IS NOT NULL;

-- Small columns first: a filter then does not read a row's overflow pages.
CREATE TABLE events (
  position INTEGER PRIMARY KEY,   -- consecutive from 1, in commit order
  id TEXT NOT NULL,
  stream_id INTEGER NOT NULL REFERENCES streams (id),
  version INTEGER NOT NULL,       -- consecutive from 1 within the stream
  type TEXT NOT NULL,
  schema_version INTEGER NOT NULL,
  message_id TEXT,
  recorded_at INTEGER NOT NULL,   -- milliseconds since the epoch; never less than that of the event before
  metadata TEXT,                  -- JSON; NULL when there is none
  data TEXT NOT NULL              -- JSON
) STRICT;

CREATE UNIQUE INDEX events_by_id ON events (id);
CREATE UNIQUE INDEX events_by_stream ON events (stream_id, version);
CREATE INDEX events_by_message ON events (message_id) WHERE message_id IS NOT NULL;
-- The types of which every good message has some are left out: an index on them would find nearly every event, and
-- maintaining it would slow every append. Three comparisons, since NOT IN makes SQLite build the list for every row,
-- which was measured at 1 µs an event, a quarter of the whole append.
CREATE INDEX events_by_rare_type ON events (type)
  WHERE type <> 'StoredAttribute' AND type <> 'MessageReceived' AND type <> 'EndpointForwarded';

-- The envelope, as documented for audit queries. Times are RFC 3339 UTC. Conditions on position, id, stream, flow and
-- message_id are answered by an index.
CREATE VIEW event_log AS
SELECT
  e.position,
  e.id,
  s.name AS stream,
  s.category,
  s.flow,
  e.version,
  e.type,
  e.schema_version,
  e.message_id,
  e.data,
  coalesce(e.metadata, '{}') AS metadata,
  strftime('%Y-%m-%dT%H:%M:%S', e.recorded_at / 1000, 'unixepoch') || printf('.%03dZ', e.recorded_at % 1000)
    AS recorded_at
FROM events AS e JOIN streams AS s ON s.id = e.stream_id;

-- The same without the events of messages that went well: here a condition on type is answered by an index too.
CREATE VIEW event_log_exceptions AS
SELECT * FROM event_log
WHERE type <> 'StoredAttribute' AND type <> 'MessageReceived' AND type <> 'EndpointForwarded';
