-- What a switch-over to a projection made anew has changed, until the next one: so that it can be taken back.
CREATE TABLE IF NOT EXISTS sluice_switch (
  -- The rebuild's.
  id VARCHAR(255) NOT NULL PRIMARY KEY,
  position TEXT NOT NULL,
  added BIGINT NOT NULL,
  removed BIGINT NOT NULL,
  changed BIGINT NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- Rows of `data` as they were. Columns as in `data`.
CREATE TABLE IF NOT EXISTS sluice_undo_data (
  id BIGINT NOT NULL PRIMARY KEY,
  removed BOOLEAN NOT NULL,
  received_at DATETIME(6),
  flow_code VARCHAR(100),
  attribute_name VARCHAR(255),
  attribute_value LONGTEXT,
  last_msg_id BIGINT,
  event_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin,
  message_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin,
  action VARCHAR(64),
  value_type VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin,
  value_number DOUBLE,
  device_time DATETIME(6),
  -- The columns that people have added to `data`, of a removed row: dynamic columns (COLUMN_CREATE).
  theirs LONGBLOB
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- Rows that were added, by their ids in the candidate, in whose order they get new ones.
CREATE TABLE IF NOT EXISTS sluice_undo_added (
  candidate_id BIGINT NOT NULL PRIMARY KEY,
  event_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS sluice_undo_counts LIKE sink_counts;
CREATE TABLE IF NOT EXISTS sluice_undo_letters LIKE dead_letters;
CREATE TABLE IF NOT EXISTS sluice_undo_messages LIKE dead_messages;
