/** PostgreSQL for the conformance suite: the server of test/support/postgres.ts, a schema for every test. */
import { PostgresProjectionStore } from "@sluice/adapter-postgres";
import { inPostgres, makeSchema, postgresUnavailable, postgresUrl } from "../support/postgres.ts";
import type { ProjectionStoreAdapter } from "./projection-store-adapters.ts";

/** As SQLAlchemy writes the older gateway's models for PostgreSQL. */
export const OLDER_TABLES = `
  CREATE TABLE mqtt_servers (
    id SERIAL NOT NULL, host VARCHAR(255) NOT NULL, port INTEGER NOT NULL, username VARCHAR(255),
    password VARCHAR(255), enabled BOOLEAN NOT NULL, is_default BOOLEAN NOT NULL, PRIMARY KEY (id));
  CREATE TABLE flows (
    id SERIAL NOT NULL, code VARCHAR(100) NOT NULL, description VARCHAR(255) NOT NULL, topic VARCHAR(255) NOT NULL,
    action VARCHAR(30) NOT NULL, payload_schema JSON NOT NULL, endpoint_url VARCHAR(500),
    last_msg_id INTEGER NOT NULL, enabled BOOLEAN NOT NULL, PRIMARY KEY (id), UNIQUE (code));
  CREATE TABLE data (
    id SERIAL NOT NULL, received_at TIMESTAMP WITHOUT TIME ZONE NOT NULL, flow_code VARCHAR(100) NOT NULL,
    attribute_name VARCHAR(255) NOT NULL, attribute_value TEXT NOT NULL, last_msg_id INTEGER NOT NULL,
    PRIMARY KEY (id));
  CREATE INDEX ix_data_flow_code ON data (flow_code);`;

/** A location is a schema's name. */
export const postgres: ProjectionStoreAdapter = {
  name: "postgres",
  unavailable: postgresUnavailable,
  create: makeSchema,
  open: (schema, clock) => new PostgresProjectionStore({ url: postgresUrl, schema, clock }),
  query: (schema, sql) => inPostgres(schema, sql),
  createOlderTables: async (schema) => {
    await inPostgres(schema, `CREATE SCHEMA ${schema}; ${OLDER_TABLES}`);
  },
  refuse: async (schema, attribute) => {
    await inPostgres(
      schema,
      `SET client_min_messages = warning; DROP TRIGGER IF EXISTS refuse ON data; ${
        attribute === null
          ? ""
          : `CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'this attribute is refused'; END $$;
           CREATE TRIGGER refuse BEFORE INSERT ON data FOR EACH ROW
             WHEN (NEW.attribute_name = '${attribute}') EXECUTE FUNCTION refuse();`
      }`,
    );
  },
  notSupported: {},
};
