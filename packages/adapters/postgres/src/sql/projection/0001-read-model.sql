-- The older gateway's tables with its names and columns. Where they exist they are adopted in place: no row is changed
-- or moved. Columns that are added can be left out of an INSERT. What is only Sluice's is named sluice_….

-- `data` and `flows` are common names: a table of somebody else's is left alone.
DO $$
DECLARE
  lacking text;
BEGIN
  SELECT string_agg(expected.relation || '.' || expected.name, ', ') INTO lacking
  FROM (VALUES
    ('mqtt_servers', 'id'), ('mqtt_servers', 'host'), ('mqtt_servers', 'port'), ('mqtt_servers', 'enabled'),
    ('mqtt_servers', 'is_default'), ('flows', 'id'), ('flows', 'code'), ('flows', 'description'), ('flows', 'topic'),
    ('flows', 'action'), ('flows', 'payload_schema'), ('flows', 'endpoint_url'), ('flows', 'last_msg_id'),
    ('flows', 'enabled'), ('data', 'id'), ('data', 'received_at'), ('data', 'flow_code'), ('data', 'attribute_name'),
    ('data', 'attribute_value'), ('data', 'last_msg_id')
  ) AS expected (relation, name)
  WHERE to_regclass(expected.relation) IS NOT NULL AND NOT EXISTS (
    SELECT FROM pg_attribute AS a
    WHERE a.attrelid = to_regclass(expected.relation) AND a.attname = expected.name AND NOT a.attisdropped);
  IF lacking IS NOT NULL THEN
    RAISE EXCEPTION 'a table is there that is not the older gateway''s: it has no %', lacking;
  END IF;
END
$$;

CREATE TABLE IF NOT EXISTS mqtt_servers (
  id serial PRIMARY KEY,
  host varchar(255) NOT NULL,
  port integer NOT NULL,
  username varchar(255),
  password varchar(255),
  enabled boolean NOT NULL,
  is_default boolean NOT NULL
);
ALTER TABLE mqtt_servers
  ALTER port SET DEFAULT 1883,
  ALTER enabled SET DEFAULT true,
  ALTER is_default SET DEFAULT false,
  -- What people may add to a broker's row; NULL: as if it were not there.
  ADD COLUMN IF NOT EXISTS protocol varchar(10),
  ADD COLUMN IF NOT EXISTS ca_certs varchar(500),
  ADD COLUMN IF NOT EXISTS certfile varchar(500),
  ADD COLUMN IF NOT EXISTS keyfile varchar(500);

CREATE TABLE IF NOT EXISTS flows (
  id serial PRIMARY KEY,
  code varchar(100) NOT NULL UNIQUE,
  description varchar(255) NOT NULL,
  topic varchar(255) NOT NULL,
  action varchar(30) NOT NULL,
  payload_schema json,
  endpoint_url varchar(500),
  last_msg_id bigint NOT NULL,
  enabled boolean NOT NULL
);
ALTER TABLE flows
  ALTER description SET DEFAULT '',
  ALTER last_msg_id SET DEFAULT 0,
  ALTER enabled SET DEFAULT true;

-- Of `flows`, which has a row a flow, the column is made wider; that cannot be where a view is on it.
DO $$
BEGIN
  IF EXISTS (
    SELECT FROM pg_attribute
    WHERE attrelid = 'flows'::regclass AND attname = 'last_msg_id' AND atttypid <> 'bigint'::regtype
  ) THEN
    ALTER TABLE flows ALTER last_msg_id TYPE bigint;
  END IF;
EXCEPTION
  WHEN feature_not_supported THEN NULL;
END
$$;

-- A new table is partitioned by time; `data_default` takes what no partition is for. An adopted one stays as it is: to
-- partition it, or to widen its integers, means to write all of its rows anew.
DO $$
DECLARE
  foreign_key name;
BEGIN
  IF to_regclass('data') IS NULL THEN
    CREATE TABLE data (
      id bigserial,
      received_at timestamp NOT NULL,   -- UTC
      flow_code varchar(100) COLLATE "C" NOT NULL,
      attribute_name varchar(255) COLLATE "C" NOT NULL,
      attribute_value text COLLATE "C",
      last_msg_id bigint NOT NULL,
      CONSTRAINT data_time PRIMARY KEY (received_at, id)
    ) PARTITION BY RANGE (received_at);
    CREATE TABLE data_default PARTITION OF data DEFAULT;
  END IF;
  -- A row outlives its flow.
  FOR foreign_key IN
    SELECT conname FROM pg_constraint
    WHERE conrelid = 'data'::regclass AND contype = 'f' AND confrelid = 'flows'::regclass
  LOOP
    EXECUTE format('ALTER TABLE data DROP CONSTRAINT %I', foreign_key);
  END LOOP;
END
$$;
ALTER TABLE data
  ALTER received_at SET DEFAULT (now() AT TIME ZONE 'UTC'),
  ALTER last_msg_id SET DEFAULT 0,
  ADD COLUMN IF NOT EXISTS event_id text COLLATE "C",
  ADD COLUMN IF NOT EXISTS message_id text COLLATE "C",
  ADD COLUMN IF NOT EXISTS action text COLLATE "C",
  ADD COLUMN IF NOT EXISTS value_type text COLLATE "C",
  -- The value as a double, where it is a number or a boolean.
  ADD COLUMN IF NOT EXISTS value_number double precision,
  ADD COLUMN IF NOT EXISTS device_time timestamp,
  -- PostgreSQL has no text with U+0000 or half of a surrogate pair. Such a value has U+FFFD for them in attribute_value,
  -- and here, as a JSON string, what it is; NULL for every other.
  ADD COLUMN IF NOT EXISTS exact_value text COLLATE "C";

-- Every index costs each row that is written; these serve every filter of the listing, as the few series of one flow can
-- be merged. What is unique must contain the key of the partitions; an event is received once, so that says the same.
CREATE UNIQUE INDEX IF NOT EXISTS data_event ON data (event_id, received_at);
CREATE INDEX IF NOT EXISTS data_message ON data (message_id);
CREATE INDEX IF NOT EXISTS data_time ON data (received_at, id);
CREATE INDEX IF NOT EXISTS data_series ON data (flow_code, attribute_name, received_at, id);

-- Adopted ids that nothing gives.
DO $$
DECLARE
  one record;
BEGIN
  FOR one IN
    SELECT c.relname, c.relname || '_id_seq' AS sequence, format_type(a.atttypid, NULL) AS type
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'id'
    WHERE c.oid IN ('mqtt_servers'::regclass, 'flows'::regclass, 'data'::regclass)
      AND NOT a.atthasdef AND a.attidentity = ''
  LOOP
    EXECUTE format('CREATE SEQUENCE %I AS %s OWNED BY %I.id', one.sequence, one.type, one.relname);
    EXECUTE format('SELECT setval(%L, coalesce(max(id), 0) + 1, false) FROM %I', one.sequence, one.relname);
    EXECUTE format('ALTER TABLE %I ALTER id SET DEFAULT nextval(%L)', one.relname, one.sequence);
  END LOOP;
END
$$;

-- The older gateway began with a broker's row too. Ours is not enabled: without one the embedded broker is used.
INSERT INTO mqtt_servers (host, port, enabled, is_default)
SELECT 'localhost', 1883, false, true WHERE NOT EXISTS (SELECT FROM mqtt_servers);

CREATE TABLE sluice_cursors (
  consumer text COLLATE "C" PRIMARY KEY,
  position text COLLATE "C" NOT NULL
);

CREATE TABLE sluice_counts (
  flow text COLLATE "C" NOT NULL,
  action text COLLATE "C" NOT NULL,
  done bigint NOT NULL,
  dead bigint NOT NULL,
  discarded bigint NOT NULL,
  PRIMARY KEY (flow, action)
);

-- The id has the attribute's name in it, which may be of any length: its SHA-256 is what is unique.
CREATE TABLE sluice_dead_letters (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id_hash bytea NOT NULL UNIQUE,
  id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  flow text COLLATE "C" NOT NULL,
  action text COLLATE "C" NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  message_number bigint NOT NULL,
  attribute text COLLATE "C",
  reason text COLLATE "C" NOT NULL,
  attempts integer NOT NULL,
  dead_at timestamp NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  -- Attribute and reason as JSON, where they hold what text cannot.
  exact text COLLATE "C",
  -- The refused row as JSON, to be inserted by a retry; NULL for a delivery.
  content text COLLATE "C"
);
CREATE INDEX sluice_dead_letters_flow ON sluice_dead_letters (flow, action, seq);
CREATE INDEX sluice_dead_letters_action ON sluice_dead_letters (action, seq);
CREATE INDEX sluice_dead_letters_kind ON sluice_dead_letters (kind, seq);

-- Messages that are not simply done: with rows that are dead, or were discarded.
CREATE TABLE sluice_dead_messages (
  flow text COLLATE "C" NOT NULL,
  action text COLLATE "C" NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  dead_rows integer NOT NULL,
  discarded_rows integer NOT NULL,
  PRIMARY KEY (flow, action, message_id)
);

-- What the projector has written into `flows`, so that what people have changed there can be told from it.
CREATE TABLE sluice_flow_mirror (
  code text COLLATE "C" PRIMARY KEY,
  description text,
  topic text,
  action text,
  payload_schema text,
  endpoint_url text,
  enabled boolean NOT NULL
);

-- Edits that gave way to the log, until they are in it. `edit` is what stood in the row, as JSON.
CREATE TABLE sluice_flow_overruled (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text COLLATE "C" NOT NULL,
  position text COLLATE "C" NOT NULL,
  edit text NOT NULL
);
