-- A row is found by its id alone. The primary key of a partitioned table begins with the time; the older gateway's begins
-- with the id already.
DO $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_index AS i
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attname = 'id'
    JOIN pg_class AS c ON c.oid = i.indexrelid
    WHERE i.indrelid = 'data'::regclass AND i.indpred IS NULL AND i.indisvalid
      AND c.relam = (SELECT oid FROM pg_am WHERE amname = 'btree')
  ) THEN
    CREATE INDEX data_id ON data (id);
  END IF;
END
$$;
