/**
 * A sink's lease as an advisory lock of the session (https://www.postgresql.org/docs/current/explicit-locking.html): the
 * server takes it back when the connection ends, and notices within some 20 s that a holder's machine is gone.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Hold, SinkLease } from "@sluice/domain";
import type { Client } from "pg";
import type { PostgresOptions } from "./config.ts";
import { close, makeClient, schemaOf } from "./connection.ts";

const TRY_MS = 1_000;
const CHECK_MS = 2_000;
/** First key of the advisory lock, the second is of the schema and the sink. */
const LOCK = 0x51_1c_e1;

const KEEPALIVE = "SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";
const TRY = "SELECT pg_try_advisory_lock($1, hashtext($2)) AS held";

export class PostgresSinkLease implements SinkLease {
  readonly #options: PostgresOptions;

  constructor(options: PostgresOptions) {
    this.#options = options;
  }

  async hold(name: string, signal: AbortSignal): Promise<Hold | null> {
    while (!signal.aborted) {
      const client = makeClient(this.#options);
      // Of a connection that breaks: the query or `end` says it too.
      client.on("error", () => undefined);
      try {
        await client.connect();
        await client.query(KEEPALIVE);
        if (await this.#wait(client, name, signal)) return guard(client);
      } catch {
        await delay(TRY_MS, undefined, { signal }).catch(() => undefined);
      }
      await close(client);
    }
    return null;
  }

  /** On one connection. @returns whether it has the lock; false when the signal came first */
  async #wait(client: Client, name: string, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      const { rows } = await client.query<{ held: boolean }>(TRY, [LOCK, `${schemaOf(this.#options)} ${name}`]);
      if (rows[0]?.held) return true;
      await delay(TRY_MS, undefined, { signal }).catch(() => undefined);
    }
    return false;
  }
}

/** Asks now and then whether the session is alive: a connection that is cut says nothing by itself. */
const guard = (client: Client): Hold => {
  const { promise: lost, resolve } = Promise.withResolvers<void>();
  const check = setInterval(() => {
    client.query("SELECT 1").catch(() => void release());
  }, CHECK_MS);
  const release = async (): Promise<void> => {
    clearInterval(check);
    resolve();
    await close(client);
  };
  client.on("end", () => void release());
  return { lost, release };
};
