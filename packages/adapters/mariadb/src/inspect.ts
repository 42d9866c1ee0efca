/** What a server is, for a check before anything is changed on it. */
import type { MariadbOptions } from "./config.ts";
import { openForMigration, unavailable } from "./connection.ts";

export interface MariadbInspection {
  readonly version: string;
  /** Bytes of the largest statement, and so of the largest value. */
  readonly maxAllowedPacket: number;
}

/** Logs in and asks; changes nothing. @throws ProjectionUnavailable with the server's or the connection's error */
export const inspectMariadb = async (options: MariadbOptions): Promise<MariadbInspection> => {
  try {
    const connection = await openForMigration(options);
    try {
      const [row] = await connection.query<MariadbInspection[]>(
        "SELECT VERSION() AS version, @@max_allowed_packet AS maxAllowedPacket",
      );
      return row as MariadbInspection;
    } finally {
      await connection.end();
    }
  } catch (error) {
    throw unavailable(error);
  }
};
