-- The Merkle tree over the event log (RFC 6962): docs/integrity.md says what its leaves are.

CREATE TABLE tree (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  origin TEXT NOT NULL,
  size INTEGER NOT NULL,    -- of leaves, which are events
  position TEXT,            -- how far the log has been taken in
  frontier BLOB NOT NULL    -- roots of the perfect subtrees that the full tiles make up, the largest first
) STRICT;

CREATE TABLE tiles (
  number INTEGER PRIMARY KEY,   -- from 0; a tile has 256 leaves, the last one those that there are
  first_position TEXT NOT NULL,
  last_position TEXT NOT NULL,
  root BLOB,                    -- NULL while it is not full
  ids BLOB NOT NULL,            -- 16 bytes an event
  leaves BLOB NOT NULL          -- 32 bytes an event: SHA-256(0x00 || canonical JSON)
) STRICT;

-- Proofs need the roots of all tiles: from here they come without the tiles themselves.
CREATE INDEX tile_roots ON tiles (number, root);

CREATE TABLE checkpoints (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  size INTEGER NOT NULL,
  time TEXT NOT NULL,   -- RFC 3339 UTC
  note TEXT NOT NULL    -- signed: https://c2sp.org/tlog-checkpoint
) STRICT;
