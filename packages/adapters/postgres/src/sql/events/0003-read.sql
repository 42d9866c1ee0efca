-- Finding records through an index. Positions, versions and instants rise together, so that a bound of one becomes a
-- bound of another by binary search. Between the first events of two records there are positions and versions that no
-- row has: the record that holds one of them is the last that starts at it or before.

-- The first position from `low` on that was recorded at the instant or later; `high` when there is none below it.
CREATE FUNCTION first_recorded(low bigint, high bigint, instant bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  held record;
BEGIN
  WHILE low < high LOOP
    SELECT r.position, r.count, r.recorded_at INTO held
    FROM records AS r WHERE r.position <= (low + high) / 2 ORDER BY r.position DESC LIMIT 1;
    IF held.recorded_at >= instant THEN high := greatest(held.position, low);
    ELSE low := least(held.position + held.count, high);
    END IF;
  END LOOP;
  RETURN low;
END
$$;

-- The version of the first of the stream's records that start at the position or later; more than `top`, the version
-- of its last record, when there is none.
CREATE FUNCTION first_version(stream bigint, top bigint, bound bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  low bigint := 1;
  high bigint := top + 1;
  held record;
BEGIN
  WHILE low < high LOOP
    SELECT r.position, r.version, r.count INTO held
    FROM records AS r WHERE r.stream_id = stream AND r.version <= (low + high) / 2 ORDER BY r.version DESC LIMIT 1;
    IF held.position >= bound THEN high := held.version;
    ELSE low := held.version + held.count;
    END IF;
  END LOOP;
  RETURN low;
END
$$;

-- The first `most` positions from `first` to `last` of records in these streams, in reading order. Streams that lie
-- wholly farther away than what was found are not touched.
CREATE FUNCTION positions_in_streams(
  stream_ids bigint[], first bigint, last bigint, backwards boolean, most integer
) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_so_far bigint[] := '{}';
  candidate record;
  from_version bigint;
  to_version bigint;
BEGIN
  FOR candidate IN
    SELECT s.id, s.first_position AS lowest, r.position AS highest, r.version AS top
    FROM streams AS s
    CROSS JOIN LATERAL (
      SELECT position, version FROM records WHERE stream_id = s.id ORDER BY version DESC LIMIT 1
    ) AS r
    WHERE s.id = ANY (stream_ids) AND s.first_position <= last AND r.position >= first
    ORDER BY CASE WHEN backwards THEN -r.position ELSE s.first_position END
  LOOP
    IF cardinality(found_so_far) >= most THEN
      EXIT WHEN backwards AND candidate.highest < found_so_far[most];
      EXIT WHEN NOT backwards AND candidate.lowest > found_so_far[most];
    END IF;
    from_version := CASE WHEN candidate.lowest >= first THEN 1
      ELSE first_version(candidate.id, candidate.top, first) END;
    to_version := CASE WHEN candidate.highest <= last THEN candidate.top
      ELSE first_version(candidate.id, candidate.top, last + 1) - 1 END;
    IF backwards THEN
      found_so_far := ARRAY(
        SELECT p FROM (
          (SELECT r.position AS p FROM records AS r
           WHERE r.stream_id = candidate.id AND r.version BETWEEN from_version AND to_version
           ORDER BY r.version DESC LIMIT most)
          UNION ALL SELECT unnest(found_so_far)
        ) AS u ORDER BY p DESC LIMIT most);
    ELSE
      found_so_far := ARRAY(
        SELECT p FROM (
          (SELECT r.position AS p FROM records AS r
           WHERE r.stream_id = candidate.id AND r.version BETWEEN from_version AND to_version
           ORDER BY r.version LIMIT most)
          UNION ALL SELECT unnest(found_so_far)
        ) AS u ORDER BY p LIMIT most);
    END IF;
  END LOOP;
  RETURN QUERY SELECT unnest(found_so_far);
END
$$;
