/** What a server is and how it is set, for a check before anything is changed on it. */
import type { PostgresOptions } from "./config.ts";
import { close, makeClient } from "./connection.ts";

export interface PostgresInspection {
  readonly version: string;
  readonly encoding: string;
  /** Settings that let a power cut take back what was committed, or damage the database: those that are off. */
  readonly unsafe: readonly string[];
}

const SETTINGS = `SELECT current_setting('server_version') AS version, current_setting('server_encoding') AS encoding,
  array_remove(ARRAY[
    CASE current_setting('fsync') WHEN 'off' THEN 'fsync' END,
    CASE current_setting('full_page_writes') WHEN 'off' THEN 'full_page_writes' END
  ], NULL) AS unsafe`;

/** Logs in and asks; changes nothing. @throws the server's or the connection's error */
export const inspectPostgres = async (options: PostgresOptions): Promise<PostgresInspection> => {
  const client = makeClient(options);
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<PostgresInspection>(SETTINGS);
    return rows[0] as PostgresInspection;
  } finally {
    await close(client);
  }
};
