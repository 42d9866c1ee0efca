/**
 * Word between instances that something was appended: LISTEN/NOTIFY on one connection, which is made anew when it is
 * lost. Only a wake-up: what is missed is found by polling. An instance does not hear itself.
 *
 * NOTIFY is not part of an append's transaction. There it would make all commits of the server that notify wait for one
 * another, and an append would fail once a listener that sits in an open transaction has let the server's queue of
 * notifications grow full (https://www.postgresql.org/docs/current/sql-notify.html).
 */
import type { Client } from "pg";
import type { PostgresOptions } from "./config.ts";
import { close, makeClient, schemaOf } from "./connection.ts";

const RECONNECT_MS = 1_000;
/** Between two notifications of one instance, at the least. */
const PAUSE_MS = 5;

export class Notifications {
  readonly #options: PostgresOptions;
  readonly #channel: string;
  readonly #heard: () => void;
  #client: Client | null = null;
  #connecting: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #stopped = true;
  #sending: Promise<void> | null = null;
  #again = false;

  constructor(options: PostgresOptions, heard: () => void) {
    this.#options = options;
    this.#channel = `sluice_events_${schemaOf(options)}`;
    this.#heard = heard;
  }

  /** Resolves when it listens, or has failed to for the first time. */
  async start(): Promise<void> {
    this.#stopped = false;
    await this.#connect();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#retry) clearTimeout(this.#retry);
    this.#again = false;
    await this.#connecting;
    await this.#sending;
    const client = this.#client;
    this.#client = null;
    if (client) await close(client);
  }

  /** Tells the other instances, soon. */
  send(): void {
    this.#again = true;
    this.#sending ??= this.#send();
  }

  async #send(): Promise<void> {
    while (this.#again && this.#client) {
      this.#again = false;
      await this.#client.query(`NOTIFY ${this.#channel}`).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    this.#sending = null;
  }

  async #connect(): Promise<void> {
    this.#connecting = this.#listen();
    await this.#connecting;
    this.#connecting = null;
  }

  async #listen(): Promise<void> {
    const client = makeClient(this.#options);
    const lost = (): void => {
      if (this.#client === client) this.#client = null;
      if (this.#stopped || this.#retry) return;
      this.#retry = setTimeout(() => {
        this.#retry = null;
        void this.#connect();
      }, RECONNECT_MS).unref();
    };
    client.on("error", () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      client.on("notification", ({ processId }) => {
        if (processId !== rows[0]?.pid) this.#heard();
      });
      await client.query(`LISTEN ${this.#channel}`);
      client.on("end", lost);
      this.#client = client;
      // What was appended before it listened.
      this.#heard();
    } catch {
      await close(client);
      lost();
    }
  }
}
