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

-- A record is one event, and with it the StoredAttribute events of the same message that directly follow it in its
-- append. Positions and versions within a record are consecutive, so that those of its first event tell them all. All
-- events of a record but the first are of type StoredAttribute.
-- Small columns first: a filter then does not read a row's overflow pages.
CREATE TABLE records (
  position INTEGER PRIMARY KEY,   -- of the first event; those of all events are consecutive from 1, in commit order
  id TEXT NOT NULL,               -- of the first event
  stream_id INTEGER NOT NULL REFERENCES streams (id),
  version INTEGER NOT NULL,       -- of the first event; those of a stream's events are consecutive from 1
  type TEXT NOT NULL,             -- of the first event
  count INTEGER NOT NULL,         -- of events
  message_id TEXT,
  recorded_at INTEGER NOT NULL,   -- milliseconds since the epoch; never less than that of the record before
  events TEXT NOT NULL            -- JSON: an array of [id, type, schemaVersion, data] or [..., data, metadata]
) STRICT;

CREATE UNIQUE INDEX records_by_id ON records (id);
CREATE UNIQUE INDEX records_by_stream ON records (stream_id, version);
CREATE INDEX records_by_message ON records (message_id) WHERE message_id IS NOT NULL;
-- The types of which every good message has some are left out: an index on them would find nearly every record, and
-- maintaining it would slow every append. Three comparisons, since NOT IN makes SQLite build the list for every row,
-- which was measured at 1 µs a row.
CREATE INDEX records_by_rare_type ON records (type)
  WHERE type <> 'StoredAttribute' AND type <> 'MessageReceived' AND type <> 'EndpointForwarded';

-- The envelope, as documented for audit queries. Times are RFC 3339 UTC. Conditions on stream, flow and message_id are
-- answered by an index; so are those on record_position and record_id, the position and id of the event that the event
-- is kept with: itself, or the first of its message before it, at most 63 positions earlier.
CREATE VIEW event_log AS
SELECT
  r.position + e.key AS position,
  e.value ->> 0 AS id,
  s.name AS stream,
  s.category,
  s.flow,
  r.version + e.key AS version,
  e.value ->> 1 AS type,
  e.value ->> 2 AS schema_version,
  r.message_id,
  e.value -> 3 AS data,
  coalesce(e.value -> 4, '{}') AS metadata,
  strftime('%Y-%m-%dT%H:%M:%S', r.recorded_at / 1000, 'unixepoch') || printf('.%03dZ', r.recorded_at % 1000)
    AS recorded_at,
  r.position AS record_position,
  r.id AS record_id
FROM records AS r JOIN streams AS s ON s.id = r.stream_id JOIN json_each(r.events) AS e;

-- The same without the events of messages that went well. Each of these has a record to itself: here conditions on
-- position, id and type are answered by an index too.
CREATE VIEW event_log_exceptions AS
SELECT
  r.position,
  r.id,
  s.name AS stream,
  s.category,
  s.flow,
  r.version,
  r.type,
  r.events ->> '$[0][2]' AS schema_version,
  r.message_id,
  r.events -> '$[0][3]' AS data,
  coalesce(r.events -> '$[0][4]', '{}') AS metadata,
  strftime('%Y-%m-%dT%H:%M:%S', r.recorded_at / 1000, 'unixepoch') || printf('.%03dZ', r.recorded_at % 1000)
    AS recorded_at
FROM records AS r JOIN streams AS s ON s.id = r.stream_id
WHERE r.type <> 'StoredAttribute' AND r.type <> 'MessageReceived' AND r.type <> 'EndpointForwarded';
