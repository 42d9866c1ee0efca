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

-- A record is one event, and with it the StoredAttribute events of the same message that directly follow it in its
-- append, at most 63. Positions and versions within a record are consecutive, so that those of its first event tell
-- them all. `attributes` is the JSON of the events that follow the first:
--   [flow, messageNumber, receivedAt, deviceTime or null, event...]
--   event: [id, schemaVersion, action, attribute, valueType, value] or [..., value, text]
-- It has of their data what the first event does not tell, and of the message what makes it readable without `data`.
-- They have no metadata.
CREATE TABLE records (
  position bigint PRIMARY KEY,      -- of the first event; those of all events are consecutive from 1, in commit order
  stream_id bigint NOT NULL,        -- of streams; without a foreign key, which would be checked row by row
  version bigint NOT NULL,          -- of the first event; those of a stream's events are consecutive from 1
  recorded_at bigint NOT NULL,      -- milliseconds since the epoch; never less than that of the record before
  count integer NOT NULL,           -- of events
  schema_version integer NOT NULL,  -- of the first event, as are all below but the last
  id text COLLATE "C" NOT NULL,
  type text COLLATE "C" NOT NULL,
  message_id text COLLATE "C",
  metadata text COLLATE "C",        -- JSON; NULL when there is none
  data text COLLATE "C" NOT NULL,   -- JSON. Not jsonb, which refuses \u0000 and lone surrogates
  attributes text COLLATE "C"       -- NULL when nothing follows the first event
);

-- From 2 KB on a row's long texts are compressed. With the default that takes several times as long as all the rest of
-- an append, with lz4 hardly anything; not every server is built with it.
DO $$
BEGIN
  ALTER TABLE records ALTER data SET COMPRESSION lz4, ALTER attributes SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
  NULL;
END
$$;

CREATE UNIQUE INDEX records_by_id ON records (id);
CREATE UNIQUE INDEX records_by_stream ON records (stream_id, version);
CREATE INDEX records_by_message ON records (message_id) WHERE message_id IS NOT NULL;
-- The types of which every good message has some are left out: an index on them would find nearly every record.
CREATE INDEX records_by_rare_type ON records (type, position)
  WHERE type <> 'StoredAttribute' AND type <> 'MessageReceived' AND type <> 'EndpointForwarded';

-- JSON text without what PostgreSQL's text cannot hold: U+FFFD for NUL.
CREATE FUNCTION readable(json_text text) RETURNS json
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN strpos(json_text, '\u0000') = 0 THEN json_text
    ELSE regexp_replace(json_text, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g') END::json
$$;

-- The envelope, as documented for audit queries. Conditions on stream, flow and message_id are answered by an index; so
-- are those on record_position and record_id, the position and id of the event that the event is kept with: itself, or
-- the first of its message before it, at most 63 positions earlier. `data` and `metadata` are json, so that
-- `data ->> 'attribute'` works. PostgreSQL has no text with a NUL and would fail on it: here, not in the table, U+FFFD
-- stands for it. On a lone surrogate (`\ud800`) `->>` still fails; json_array_elements does not, which is why it takes
-- the attributes apart. OFFSET 0 has it do so once, not for every part that is used.
CREATE VIEW event_log AS
SELECT
  r.position + e.place AS position,
  e.id,
  s.name AS stream,
  s.category,
  s.flow,
  r.version + e.place AS version,
  e.type,
  e.schema_version,
  r.message_id,
  readable(e.data) AS data,
  coalesce(e.metadata, '{}')::json AS metadata,
  to_timestamp(r.recorded_at / 1000.0) AS recorded_at,
  r.position AS record_position,
  r.id AS record_id
FROM records AS r
JOIN streams AS s ON s.id = r.stream_id
CROSS JOIN LATERAL (
  SELECT 0 AS place, r.id, r.type, r.schema_version, r.data, r.metadata
  UNION ALL
  SELECT
    p.place,
    a.parts[1]::json #>> '{}',
    'StoredAttribute',
    a.parts[2]::integer,
    concat(
      '{"flow":', m.parts[1], ',"messageId":', to_json(r.message_id), ',"messageNumber":', m.parts[2],
      ',"action":', a.parts[3], ',"attribute":', a.parts[4], ',"valueType":', a.parts[5], ',"value":', a.parts[6],
      ',"text":' || a.parts[7], ',"receivedAt":', m.parts[3], ',"deviceTime":' || nullif(m.parts[4], 'null'), '}'),
    NULL
  FROM (
    SELECT ARRAY(SELECT value::text FROM json_array_elements(r.attributes::json)) AS parts
    WHERE r.count > 1 OFFSET 0
  ) AS m
  CROSS JOIN LATERAL generate_series(1, r.count - 1) AS p (place)
  CROSS JOIN LATERAL (
    SELECT ARRAY(SELECT value::text FROM json_array_elements(m.parts[4 + p.place]::json)) AS parts OFFSET 0
  ) AS a
) AS e;

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
  r.schema_version,
  r.message_id,
  readable(r.data) AS data,
  coalesce(r.metadata, '{}')::json AS metadata,
  to_timestamp(r.recorded_at / 1000.0) AS recorded_at
FROM records AS r JOIN streams AS s ON s.id = r.stream_id
WHERE r.type <> 'StoredAttribute' AND r.type <> 'MessageReceived' AND r.type <> 'EndpointForwarded';
