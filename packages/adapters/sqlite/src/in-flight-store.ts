/** What is in flight, in the database of the queue that it came from: the port is `InFlightStore` in the domain. */
import { type InFlightMessage, type InFlightStore, QueueUnavailable } from "@sluice/domain";
import type { DatabaseOptions } from "./config.ts";
import { openDatabase, transact } from "./connection.ts";
import { queueAvailable } from "./queue-errors.ts";
import { StatementCache } from "./statement-cache.ts";

const ALL = `SELECT id, packet_id AS packetId, qos, received, priority, enqueued_at AS enqueuedAt, payload
  FROM in_flight WHERE publisher = ? ORDER BY seq`;
const ADD = `INSERT INTO in_flight (publisher, id, packet_id, qos, received, priority, enqueued_at, payload)
  VALUES ($publisher, $id, $packetId, $qos, $received, $priority, $enqueuedAt, $payload)
  ON CONFLICT (publisher, id) DO UPDATE SET packet_id = excluded.packet_id, received = excluded.received`;
const RECEIVE = "UPDATE in_flight SET received = 1 WHERE publisher = ? AND id = ?";
const REMOVE = "DELETE FROM in_flight WHERE publisher = ? AND id = ?";
const COUNT = "SELECT count(*) AS count FROM in_flight WHERE publisher = ?";
const SESSION = "SELECT session FROM publisher_sessions WHERE publisher = ?";
const SAVE_SESSION = `INSERT INTO publisher_sessions (publisher, session) VALUES (?, ?)
  ON CONFLICT (publisher) DO UPDATE SET session = excluded.session`;

/** Waiting for fsync or not: see the port's durability. */
type Synchronous = "FULL" | "NORMAL";

/** Every call runs in the calling thread, to its end. */
export class SqliteInFlightStore implements InFlightStore {
  readonly #options: DatabaseOptions;
  #statements: StatementCache | null = null;
  #synchronous: Synchronous = "FULL";

  /** @param options `path` must be the queue's */
  constructor(options: DatabaseOptions) {
    this.#options = options;
  }

  /** @throws UnusableDatabase when the file is another store's or a newer version's */
  async start(): Promise<void> {
    this.#statements = new StatementCache(queueAvailable(() => openDatabase("queue", this.#options)));
    this.#synchronous = "FULL";
  }

  async stop(): Promise<void> {
    this.#statements?.database.close();
    this.#statements = null;
  }

  async all(publisher: string): Promise<readonly InFlightMessage[]> {
    const rows = this.#run((statements) => statements.prepare(ALL).all(publisher));
    return rows.map((row) => ({ ...row, received: row.received === 1 }) as unknown as InFlightMessage);
  }

  async add(publisher: string, messages: readonly InFlightMessage[]): Promise<void> {
    this.#change(messages.some(({ qos }) => qos === 2) ? "FULL" : "NORMAL", (statements) => {
      for (const { id, packetId, qos, received, priority, enqueuedAt, payload } of messages) {
        const row = { publisher, id, packetId, qos, received: received ? 1 : 0, priority, enqueuedAt, payload };
        statements.prepare(ADD).run(row);
      }
    });
  }

  async receive(publisher: string, ids: readonly string[]): Promise<void> {
    this.#change("FULL", (statements) => {
      for (const id of ids) statements.prepare(RECEIVE).run(publisher, id);
    });
  }

  async remove(publisher: string, ids: readonly string[]): Promise<void> {
    this.#change("NORMAL", (statements) => {
      for (const id of ids) statements.prepare(REMOVE).run(publisher, id);
    });
  }

  async count(publisher: string): Promise<number> {
    return this.#run((statements) => statements.prepare(COUNT).get(publisher)?.count as number);
  }

  async session(publisher: string): Promise<string | null> {
    const row = this.#run((statements) => statements.prepare(SESSION).get(publisher));
    return (row?.session as string | undefined) ?? null;
  }

  async saveSession(publisher: string, session: string): Promise<void> {
    this.#change("FULL", (statements) => statements.prepare(SAVE_SESSION).run(publisher, session));
  }

  #change(synchronous: Synchronous, work: (statements: StatementCache) => void): void {
    this.#run((statements) => {
      if (this.#synchronous !== synchronous) {
        statements.database.exec(`PRAGMA synchronous = ${synchronous}`);
        this.#synchronous = synchronous;
      }
      transact(statements.database, () => work(statements));
    });
  }

  #run<T>(work: (statements: StatementCache) => T): T {
    const statements = this.#statements;
    if (!statements) throw new QueueUnavailable("the store of what is in flight is not started");
    return queueAvailable(() => work(statements));
  }
}
