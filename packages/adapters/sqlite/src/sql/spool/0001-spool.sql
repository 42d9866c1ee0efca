-- First in, first out. AUTOINCREMENT: an id is never given twice, so that ids rise along the spool's whole life.
CREATE TABLE spool (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  data BLOB NOT NULL
);
