-- Finding events through an index. Positions, versions and instants rise together, so that a bound of one becomes a
-- bound of another by binary search.

-- The first position from `low` on that was recorded at the instant or later; `high` when there is none below it.
CREATE FUNCTION first_recorded(low bigint, high bigint, instant bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  middle bigint;
BEGIN
  WHILE low < high LOOP
    middle := (low + high) / 2;
    IF (SELECT e.recorded_at FROM events AS e WHERE e.position = middle) >= instant THEN high := middle;
    ELSE low := middle + 1;
    END IF;
  END LOOP;
  RETURN low;
END
$$;

-- The first version of the stream at the position or later; `top` + 1 when there is none.
CREATE FUNCTION first_version(stream bigint, top bigint, bound bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  low bigint := 1;
  high bigint := top + 1;
  middle bigint;
BEGIN
  WHILE low < high LOOP
    middle := (low + high) / 2;
    IF (SELECT e.position FROM events AS e WHERE e.stream_id = stream AND e.version = middle) >= bound
    THEN high := middle;
    ELSE low := middle + 1;
    END IF;
  END LOOP;
  RETURN low;
END
$$;

-- The first `count` positions from `first` to `last` of events in these streams, in reading order. Streams that lie
-- wholly farther away than what was found are not touched.
CREATE FUNCTION positions_in_streams(
  stream_ids bigint[], first bigint, last bigint, backwards boolean, count integer
) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
  found_so_far bigint[] := '{}';
  candidate record;
  from_version bigint;
  to_version bigint;
BEGIN
  FOR candidate IN
    SELECT s.id, s.first_position AS lowest, e.position AS highest, e.version AS top
    FROM streams AS s
    CROSS JOIN LATERAL (
      SELECT position, version FROM events WHERE stream_id = s.id ORDER BY version DESC LIMIT 1
    ) AS e
    WHERE s.id = ANY (stream_ids) AND s.first_position <= last AND e.position >= first
    ORDER BY CASE WHEN backwards THEN -e.position ELSE s.first_position END
  LOOP
    IF cardinality(found_so_far) >= count THEN
      EXIT WHEN backwards AND candidate.highest < found_so_far[count];
      EXIT WHEN NOT backwards AND candidate.lowest > found_so_far[count];
    END IF;
    from_version := CASE WHEN candidate.lowest >= first THEN 1
      ELSE first_version(candidate.id, candidate.top, first) END;
    to_version := CASE WHEN candidate.highest <= last THEN candidate.top
      ELSE first_version(candidate.id, candidate.top, last + 1) - 1 END;
    IF backwards THEN
      found_so_far := ARRAY(
        SELECT p FROM (
          (SELECT e.position AS p FROM events AS e
           WHERE e.stream_id = candidate.id AND e.version BETWEEN from_version AND to_version
           ORDER BY e.version DESC LIMIT count)
          UNION ALL SELECT unnest(found_so_far)
        ) AS u ORDER BY p DESC LIMIT count);
    ELSE
      found_so_far := ARRAY(
        SELECT p FROM (
          (SELECT e.position AS p FROM events AS e
           WHERE e.stream_id = candidate.id AND e.version BETWEEN from_version AND to_version
           ORDER BY e.version LIMIT count)
          UNION ALL SELECT unnest(found_so_far)
        ) AS u ORDER BY p LIMIT count);
    END IF;
  END LOOP;
  RETURN QUERY SELECT unnest(found_so_far);
END
$$;
