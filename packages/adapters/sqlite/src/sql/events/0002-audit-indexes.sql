-- A filter by types, alone or with a flow or a stream, is answered by an index whatever else the log holds: before, one
-- for a flow looked at the events of these types of all flows, and one for EndpointForwarded at the whole log. Two types
-- are left out, of which every good message has some: an index on them would find nearly every record, and maintaining it
-- would slow every append. The position, which is the row's id, is the last column of every index.
DROP INDEX records_by_rare_type;
CREATE INDEX records_by_type ON records (type) WHERE type <> 'StoredAttribute' AND type <> 'MessageReceived';
CREATE INDEX records_by_stream_type ON records (stream_id, type)
  WHERE type <> 'StoredAttribute' AND type <> 'MessageReceived';
