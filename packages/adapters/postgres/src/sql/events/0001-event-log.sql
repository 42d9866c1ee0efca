-- The event log. `event_log` below is the stable view for people; the tables may change with a migration.
--
-- Rows are only ever inserted. A head or a version that is updated by every append leaves a dead row each time, which
-- one forgotten transaction keeps VACUUM from removing: appends would grow slower until somebody ends it.

-- Its one row is locked by every append before anything else, so that appends commit in the order of their positions.
CREATE TABLE log_head (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row)
);
INSERT INTO log_head DEFAULT VALUES;

CREATE TABLE streams (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  category text COLLATE "C",        -- flow, traffic or deliveries; NULL for a name that is not one of Sluice's
  flow text COLLATE "C",
  first_position bigint NOT NULL
);

CREATE INDEX streams_by_flow ON streams (flow, first_position) WHERE flow IS NOT NULL;

CREATE TABLE events (
  position bigint PRIMARY KEY,      -- consecutive from 1, in commit order
  stream_id bigint NOT NULL,        -- of streams; without a foreign key, which would be checked event by event
  version bigint NOT NULL,          -- consecutive from 1 within the stream
  recorded_at bigint NOT NULL,      -- milliseconds since the epoch; never less than that of the event before
  schema_version integer NOT NULL,
  id text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  message_id text COLLATE "C",
  metadata text COLLATE "C",        -- JSON; NULL when there is none
  data text COLLATE "C" NOT NULL    -- JSON. Not jsonb, which refuses \u0000 and lone surrogates
);

CREATE UNIQUE INDEX events_by_id ON events (id);
CREATE UNIQUE INDEX events_by_stream ON events (stream_id, version);
CREATE INDEX events_by_message ON events (message_id) WHERE message_id IS NOT NULL;
-- The types of which every good message has some are left out: an index on them would find nearly every event.
CREATE INDEX events_by_rare_type ON events (type, position)
  WHERE type <> 'StoredAttribute' AND type <> 'MessageReceived' AND type <> 'EndpointForwarded';

-- The envelope, as documented for audit queries. Conditions on position, id, stream, flow and message_id are answered
-- by an index. `data` and `metadata` are json, so that `data ->> 'attribute'` works. PostgreSQL has no text with a NUL
-- and would fail on it: here, not in the table, U+FFFD stands for it. On a lone surrogate (`\ud800`) `->>` still fails.
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
  CASE WHEN strpos(e.data, '\u0000') = 0 THEN e.data
    ELSE regexp_replace(e.data, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g') END::json AS data,
  coalesce(e.metadata, '{}')::json AS metadata,
  to_timestamp(e.recorded_at / 1000.0) AS recorded_at
FROM events AS e JOIN streams AS s ON s.id = e.stream_id;

-- The same without the events of messages that went well: here a condition on type is answered by an index too.
CREATE VIEW event_log_exceptions AS
SELECT * FROM event_log
WHERE type <> 'StoredAttribute' AND type <> 'MessageReceived' AND type <> 'EndpointForwarded';
