-- What people may add to a broker's row; NULL: as if it were not there.
ALTER TABLE mqtt_servers
  ENGINE = InnoDB ROW_FORMAT = DYNAMIC,
  ADD COLUMN IF NOT EXISTS protocol VARCHAR(10) NULL,
  ADD COLUMN IF NOT EXISTS ca_certs VARCHAR(500) NULL,
  ADD COLUMN IF NOT EXISTS certfile VARCHAR(500) NULL,
  ADD COLUMN IF NOT EXISTS keyfile VARCHAR(500) NULL;

-- The older gateway began with a broker's row too. Ours is not enabled: without one the embedded broker is used.
INSERT INTO mqtt_servers (host, port, enabled, is_default)
  SELECT 'localhost', 1883, FALSE, TRUE FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM mqtt_servers);

-- What the projector has written into `flows`, so that what people have changed there can be told from it.
CREATE TABLE IF NOT EXISTS flow_mirror (
  code VARCHAR(100) NOT NULL PRIMARY KEY,
  description VARCHAR(255),
  topic VARCHAR(255),
  action VARCHAR(30),
  payload_schema LONGTEXT,
  endpoint_url VARCHAR(500),
  enabled BOOLEAN NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
-- Where a projector has been at work already, the rows are its.
INSERT INTO flow_mirror
  SELECT code, description, topic, action, payload_schema, endpoint_url, enabled FROM flows
  WHERE EXISTS (SELECT 1 FROM cursors)
  ON DUPLICATE KEY UPDATE flow_mirror.code = flow_mirror.code;

-- Edits that gave way to the log, until they are in it. `edit` is what stood in the row, as JSON; null: it had been deleted.
CREATE TABLE IF NOT EXISTS flow_overruled (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  code VARCHAR(100) NOT NULL,
  position TEXT NOT NULL,
  edit LONGTEXT NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin;
