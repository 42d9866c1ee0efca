-- Appends a group of batches in one transaction; each is taken or refused as a whole by what it expects of its streams.
--
-- A batch is a run of entries, an entry a run of events of one stream, which are given as records. Arrays count from 1.
--   now_ms           milliseconds since the epoch
--   names, categories, flows   the group's streams, each once
--   entry_batch      the batch of each entry, rising
--   entry_stream     index into names
--   entry_expected   the version, or -1 any, -2 exists
--   entry_count      events
--   record_entry, record_place  of each record: its entry, and the place of its first event in that from 1
--   counts … all_attributes     the columns of each record, as the table has them
--
-- A result row for each entry: its stream's version afterwards and the position of its last event; or, where its batch
-- was refused, NULL in both, and `actual` at the first entry that was not as expected.
--
-- The lock comes in a statement of its own. The statements after it see, in READ COMMITTED, everything that committed
-- while this one waited for it; a single statement would look at the log as it was before the wait.
CREATE FUNCTION append_events(
  now_ms bigint,
  names text[],
  categories text[],
  flows text[],
  entry_batch integer[],
  entry_stream integer[],
  entry_expected bigint[],
  entry_count integer[],
  record_entry integer[],
  record_place integer[],
  counts integer[],
  schema_versions integer[],
  ids text[],
  types text[],
  message_ids text[],
  all_metadata text[],
  all_data text[],
  all_attributes text[]
) RETURNS TABLE (version bigint, last_position bigint, actual bigint, recorded_at bigint)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
  tail bigint;
  instant bigint;
  stream_ids bigint[];
  versions bigint[];
  base_version bigint[] := array_fill(-1::bigint, ARRAY[cardinality(entry_batch)]);
  base_position bigint[] := array_fill(-1::bigint, ARRAY[cardinality(entry_batch)]);
  wrong bigint[] := array_fill(-1::bigint, ARRAY[cardinality(entry_batch)]);
  first_position bigint[] := array_fill(-1::bigint, ARRAY[cardinality(names)]);
  entries integer := cardinality(entry_batch);
  batch_first integer := 1;
  batch_tail bigint;
  current bigint;
  stream integer;
  stream_id bigint;
  refused boolean := false;
BEGIN
  -- A writer that others overtake again and again takes this lock for itself alone. The server serves those who wait for
  -- it in their order, so that it gets its turn.
  PERFORM pg_advisory_xact_lock_shared(5315810, hashtext(current_schema()));
  PERFORM 1 FROM log_head FOR UPDATE;

  SELECT r.position + r.count - 1, r.recorded_at INTO tail, instant
  FROM records AS r ORDER BY r.position DESC LIMIT 1;
  tail := coalesce(tail, 0);
  instant := greatest(now_ms, coalesce(instant, 0));

  SELECT array_agg(s.id ORDER BY n.i), array_agg(coalesce(v.version, 0) ORDER BY n.i)
  INTO stream_ids, versions
  FROM unnest(names) WITH ORDINALITY AS n (name, i)
  LEFT JOIN streams AS s ON s.name = n.name
  LEFT JOIN LATERAL (
    SELECT r.version + r.count - 1 AS version FROM records AS r
    WHERE r.stream_id = s.id ORDER BY r.version DESC LIMIT 1
  ) AS v ON true;

  batch_tail := tail;
  FOR i IN 1..entries LOOP
    IF i > 1 AND entry_batch[i] <> entry_batch[i - 1] THEN
      batch_first := i;
      batch_tail := tail;
      refused := false;
    END IF;
    CONTINUE WHEN refused;
    stream := entry_stream[i];
    current := versions[stream];
    IF entry_expected[i] = -1 OR entry_expected[i] = current OR (entry_expected[i] = -2 AND current > 0) THEN
      base_version[i] := current;
      base_position[i] := tail;
      versions[stream] := current + entry_count[i];
      tail := tail + entry_count[i];
    ELSE
      refused := true;
      wrong[i] := current;
      tail := batch_tail;
      FOR j IN batch_first..i - 1 LOOP
        versions[entry_stream[j]] := versions[entry_stream[j]] - entry_count[j];
        base_position[j] := -1;
      END LOOP;
    END IF;
  END LOOP;

  FOR i IN REVERSE entries..1 LOOP
    IF base_position[i] >= 0 THEN first_position[entry_stream[i]] := base_position[i] + 1; END IF;
  END LOOP;
  FOR i IN 1..cardinality(names) LOOP
    IF stream_ids[i] IS NULL AND first_position[i] > 0 THEN
      INSERT INTO streams (name, category, flow, first_position)
      VALUES (names[i], categories[i], flows[i], first_position[i])
      RETURNING id INTO stream_id;
      stream_ids[i] := stream_id;
    END IF;
  END LOOP;

  INSERT INTO records (
    position, stream_id, version, recorded_at, count, schema_version, id, type, message_id, metadata, data, attributes
  )
  SELECT
    base_position[r.entry] + r.place,
    stream_ids[entry_stream[r.entry]],
    base_version[r.entry] + r.place,
    instant,
    r.count,
    r.schema_version,
    r.id,
    r.type,
    r.message_id,
    r.metadata,
    r.data,
    r.attributes
  FROM unnest(
    record_entry, record_place, counts, schema_versions, ids, types, message_ids, all_metadata, all_data, all_attributes
  ) AS r (entry, place, count, schema_version, id, type, message_id, metadata, data, attributes)
  WHERE base_position[r.entry] >= 0;

  RETURN QUERY
  SELECT
    CASE WHEN base_position[i] >= 0 THEN base_version[i] + entry_count[i] END,
    CASE WHEN base_position[i] >= 0 THEN base_position[i] + entry_count[i] END,
    nullif(wrong[i], -1),
    instant
  FROM generate_series(1, entries) AS i
  ORDER BY i;
END
$$;
