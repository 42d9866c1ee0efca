-- The older gateway's tables with its names and columns. Where they exist they are adopted in place: no row is changed,
-- and a column is made wider where a value of ours would not fit. All that is added can be left out of an INSERT.
--
-- utf8mb4_nopad_bin compares text by its characters alone. Flow codes may differ only in case, and names of attributes
-- only in a space at the end, which utf8mb4_bin ignores.
CREATE TABLE IF NOT EXISTS mqtt_servers (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  host VARCHAR(255) NOT NULL,
  port INT NOT NULL DEFAULT 1883,
  username VARCHAR(255),
  password VARCHAR(255),
  enabled BOOLEAN NOT NULL DEFAULT TRUE,
  is_default BOOLEAN NOT NULL DEFAULT FALSE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS flows (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  code VARCHAR(100) NOT NULL UNIQUE,
  description VARCHAR(255) NOT NULL DEFAULT '',
  topic VARCHAR(255) NOT NULL,
  action VARCHAR(30) NOT NULL,
  payload_schema LONGTEXT,
  endpoint_url VARCHAR(500),
  last_msg_id BIGINT NOT NULL DEFAULT 0,
  enabled BOOLEAN NOT NULL DEFAULT TRUE
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- A row outlives its flow; and MariaDB changes no column that a foreign key is on.
SET @foreign_keys = (
  SELECT GROUP_CONCAT('DROP FOREIGN KEY `', constraint_name, '`')
  FROM information_schema.referential_constraints
  WHERE constraint_schema = DATABASE() AND table_name = 'data' AND referenced_table_name = 'flows'
);
EXECUTE IMMEDIATE IF(@foreign_keys IS NULL, 'DO 0', CONCAT('ALTER TABLE data ', @foreign_keys));

-- An adopted unique index on `code` would take two flows that differ in case for one, hence the collation.
-- JSON in MariaDB is LONGTEXT with a check that refuses what is nested 32 deep (seen in 10.11); a schema of ours may be.
ALTER TABLE flows
  ENGINE = InnoDB ROW_FORMAT = DYNAMIC,
  MODIFY code VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  MODIFY description VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL DEFAULT '',
  MODIFY topic VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  MODIFY action VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  MODIFY payload_schema LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL,
  MODIFY endpoint_url VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL,
  MODIFY last_msg_id BIGINT NOT NULL DEFAULT 0;

CREATE TABLE IF NOT EXISTS data (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  received_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  flow_code VARCHAR(100) NOT NULL,
  attribute_name VARCHAR(255) NOT NULL,
  attribute_value LONGTEXT,
  last_msg_id BIGINT NOT NULL DEFAULT 0
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- One statement: a large table is copied once. Times are UTC. Every index costs each row that is written; these four
-- serve every filter of the listing, as the few series of one flow can be merged.
ALTER TABLE data
  ENGINE = InnoDB ROW_FORMAT = DYNAMIC,
  MODIFY id BIGINT NOT NULL AUTO_INCREMENT,
  MODIFY received_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  MODIFY flow_code VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  MODIFY attribute_name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NOT NULL,
  MODIFY attribute_value LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL,
  MODIFY last_msg_id BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN IF NOT EXISTS event_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NULL,
  ADD COLUMN IF NOT EXISTS message_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_nopad_bin NULL,
  ADD COLUMN IF NOT EXISTS action VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin NULL,
  ADD COLUMN IF NOT EXISTS value_type VARCHAR(16) CHARACTER SET ascii COLLATE ascii_nopad_bin NULL,
  -- The value as a double, where it is a number or a boolean.
  ADD COLUMN IF NOT EXISTS value_number DOUBLE NULL,
  ADD COLUMN IF NOT EXISTS device_time DATETIME(6) NULL,
  ADD UNIQUE INDEX IF NOT EXISTS data_event (event_id),
  ADD INDEX IF NOT EXISTS data_message (message_id),
  ADD INDEX IF NOT EXISTS data_time (received_at),
  ADD INDEX IF NOT EXISTS data_series (flow_code, attribute_name, received_at);

CREATE TABLE IF NOT EXISTS cursors (
  consumer VARCHAR(100) NOT NULL PRIMARY KEY,
  position TEXT NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

CREATE TABLE IF NOT EXISTS sink_counts (
  flow VARCHAR(100) NOT NULL,
  action VARCHAR(64) NOT NULL,
  done BIGINT NOT NULL DEFAULT 0,
  dead BIGINT NOT NULL DEFAULT 0,
  discarded BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (flow, action)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- The id has the attribute's name in it, which may be of any length: its SHA-256 is what is unique.
CREATE TABLE IF NOT EXISTS dead_letters (
  seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  id_hash BINARY(32) NOT NULL UNIQUE,
  id LONGTEXT NOT NULL,
  kind VARCHAR(16) NOT NULL,
  flow VARCHAR(100) NOT NULL,
  action VARCHAR(64) NOT NULL,
  message_id VARCHAR(64) NOT NULL,
  message_number BIGINT NOT NULL,
  attribute LONGTEXT,
  reason LONGTEXT NOT NULL,
  attempts INT NOT NULL,
  dead_at DATETIME(6) NOT NULL,
  event_id VARCHAR(64) NOT NULL,
  -- The refused row as JSON, to be inserted by a retry; null for a delivery.
  content LONGTEXT,
  INDEX dead_letters_flow_action (flow, action),
  INDEX dead_letters_action (action),
  INDEX dead_letters_kind (kind)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;

-- Messages that are not simply done: with rows that are dead, or were discarded.
CREATE TABLE IF NOT EXISTS dead_messages (
  flow VARCHAR(100) NOT NULL,
  action VARCHAR(64) NOT NULL,
  message_id VARCHAR(64) NOT NULL,
  dead_rows INT NOT NULL,
  discarded_rows INT NOT NULL,
  PRIMARY KEY (flow, action, message_id)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
