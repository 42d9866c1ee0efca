-- A filter by types, alone or with a flow or a stream, is answered by an index whatever else the log holds: before, one
-- for a flow looked at the events of these types of all flows, and one for EndpointForwarded at the whole log. Two types
-- are left out, of which every good message has some: an index on them would find nearly every record.
DROP INDEX records_by_rare_type;
CREATE INDEX records_by_type ON records (type, position)
  WHERE type <> 'StoredAttribute' AND type <> 'MessageReceived';
-- Stream and type as one text: whatever the table's statistics say, no plan then takes an index that begins with the
-- stream alone and reads the whole stream.
CREATE INDEX records_by_stream_type ON records ((stream_id::text || '/' || type), position)
  WHERE type <> 'StoredAttribute' AND type <> 'MessageReceived';
