/**
 * The partitions of `data`: made ahead of time, and dropped when all of their rows are too old.
 *
 * Making one takes an exclusive lock on `data_default`, dropping one an exclusive lock on `data`. A report that reads the
 * table for minutes must be neither disturbed nor, with everyone who queues behind, waited for: so the locks are waited
 * for a moment only, and had another time if need be. What has no partition meanwhile is stored in `data_default`.
 */
import type { Clock, DataRow } from "@sluice/domain";
import type { Pool, PoolClient } from "pg";
import { sqlState } from "./connection.ts";
import { freePeriod, nextPeriod, type Period, type PeriodLength, periodOf } from "./projection-store-periods.ts";
import { transact, withClient } from "./transaction.ts";

export interface PartitionOptions {
  readonly by: PeriodLength;
  /** Days; null: rows are kept for good. */
  readonly retentionDays: number | null;
  readonly clock: Clock;
  readonly onError: (error: Error) => void;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How far ahead there are partitions: for so many days a lock that is not to be had does not matter. */
const AHEAD_DAYS = 10;
/** A listing of everything locks each partition and its indexes; the server's table of locks has some 6,400 places. */
const MAX_PARTITIONS = 500;
/** Earlier rows have a time that is not theirs. */
const EARLIEST_DAY = "2000-01-01";
/** Too old rows of one statement, and statements at a time, where there are no partitions to drop. */
const PART_ROWS = 10_000;
const PARTS = 10;

/** For the lock, and for looking whether `data_default` has rows of the period. */
const BRIEFLY = "SET LOCAL lock_timeout = '250ms'; SET LOCAL statement_timeout = '5s'";

const PARTITIONS = `SELECT i.inhrelid::regclass::text AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
  FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = 'data'::regclass`;
const PARTITIONED = "SELECT FROM pg_class WHERE oid = 'data'::regclass AND relkind = 'p'";

/** Tables that hold rows of `data`: its partitions, or itself; as SQL names them. */
export const tablesOfData = async (client: PoolClient): Promise<readonly string[]> => {
  const { rows } = await client.query<{ name: string }>(
    "SELECT relid::text AS name FROM pg_partition_tree('data') WHERE isleaf",
  );
  return rows.length === 0 ? ["data"] : rows.map(({ name }) => name);
};

interface Partition extends Period {
  readonly name: string;
}

const BOUND = /^FOR VALUES FROM \((?:'([^']+)'|MINVALUE)\) TO \((?:'([^']+)'|MAXVALUE)\)$/;

/** Text that sorts before, and after, every stored time. */
const [MIN, MAX] = ["", "~"];

export class PartitionKeeper {
  readonly #pool: Pool;
  readonly #options: PartitionOptions;
  #partitions: readonly Partition[] = [];
  /** Where `data` is an ordinary table there is nothing to make. */
  #partitioned = false;
  /** Beginnings of periods that could not get a partition, until all is looked through again. */
  readonly #without = new Set<string>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(pool: Pool, options: PartitionOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  /** To be called before rows are written. Whatever fails here is reported, and keeps no row from being stored. */
  async prepare(rows: readonly DataRow[]): Promise<void> {
    const now = this.#options.clock.now();
    try {
      // The clock may have been set back.
      if (Math.abs(now - this.#lookedAt) >= HOUR_MS) await this.#lookThrough(now);
      for (const day of this.#daysWithout(rows, now)) await this.#make(day);
    } catch (error) {
      this.#lookedAt = Number.NEGATIVE_INFINITY;
      this.#report(error);
    }
  }

  async #lookThrough(now: number): Promise<void> {
    this.#lookedAt = now;
    this.#without.clear();
    await this.#read();
    const last = dayOf(now + AHEAD_DAYS * DAY_MS);
    for (let day = dayOf(now); this.#partitioned && day <= last; ) {
      await this.#make(day);
      // A partition may end within a period.
      const end = this.#partitionOf(day)?.to.slice(0, 10) ?? "";
      day = end > day ? end : nextPeriod(day, this.#options.by);
    }
    const { retentionDays } = this.#options;
    if (retentionDays !== null) await this.#dropBefore((await this.#earlier(now)) - retentionDays * DAY_MS);
  }

  async #read(): Promise<void> {
    await withClient(this.#pool, async (client) => {
      this.#partitioned = (await client.query(PARTITIONED)).rows.length > 0;
      const { rows } = await client.query<{ name: string; bound: string }>(PARTITIONS);
      this.#partitions = rows.flatMap(({ name, bound }) => {
        const match = BOUND.exec(bound);
        return match ? [{ name, from: match[1] ?? MIN, to: match[2] ?? MAX }] : [];
      });
    });
  }

  /** This clock's time or the server's: no row goes because one of the two has run ahead. */
  async #earlier(now: number): Promise<number> {
    const { rows } = await this.#pool.query("SELECT extract(epoch FROM now()) * 1000 AS ms");
    return Math.min(now, Number(rows[0]?.ms));
  }

  #partitionOf(day: string): Partition | undefined {
    const start = `${day} 00:00:00`;
    return this.#partitions.find(({ from, to }) => from <= start && start < to);
  }

  #isWithout(day: string): boolean {
    return this.#without.has(periodOf(day, this.#options.by).from);
  }

  #daysWithout(rows: readonly DataRow[], now: number): readonly string[] {
    if (!this.#partitioned || this.#partitions.length >= MAX_PARTITIONS) return [];
    const latest = dayOf(now + AHEAD_DAYS * DAY_MS);
    const days = new Set<string>();
    let last = "";
    for (const { receivedAt } of rows) {
      const day = receivedAt.slice(0, 10);
      if (day === last) continue;
      last = day;
      if (day >= EARLIEST_DAY && day <= latest && !this.#partitionOf(day)) days.add(day);
    }
    return [...days];
  }

  async #make(day: string): Promise<void> {
    // Those of a batch are made one after the other: by then there may be one.
    if (this.#partitionOf(day) || this.#isWithout(day)) return;
    const period = periodOf(day, this.#options.by);
    const { from, to } = freePeriod(period, `${day} 00:00:00`, this.#partitions);
    const name = nameOf(from, this.#options.by);
    try {
      await transact(this.#pool, async (client) => {
        await client.query(`${BRIEFLY};
          CREATE TABLE ${name} (LIKE data INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE);
          ALTER TABLE data ATTACH PARTITION ${name} FOR VALUES FROM ('${from}') TO ('${to}')`);
      });
      this.#partitions = [...this.#partitions, { name, from, to }];
    } catch (error) {
      await this.#read();
      // Another instance was faster.
      if (this.#partitionOf(day)) return;
      this.#without.add(period.from);
      this.#report(error);
    }
  }

  async #dropBefore(time: number): Promise<void> {
    const limit = storedTime(time);
    for (const { name, to } of this.#partitions.filter((one) => one.to <= limit)) {
      try {
        await transact(this.#pool, async (client) => {
          await client.query(`${BRIEFLY}; DROP TABLE ${name}`);
        });
        this.#partitions = this.#partitions.filter((one) => one.to !== to);
      } catch (error) {
        if (sqlState(error) !== UNDEFINED_TABLE) this.#report(error);
      }
    }
    await this.#deleteBefore(this.#partitioned ? "data_default" : "data", limit);
  }

  /** From the oldest on. What is left after so many is left for the next batch. */
  async #deleteBefore(table: string, limit: string): Promise<void> {
    const sql = `DELETE FROM ONLY ${table} WHERE received_at < $1 AND received_at <= (
      SELECT max(received_at) FROM (
        SELECT received_at FROM ONLY ${table} WHERE received_at < $1 ORDER BY received_at, id LIMIT ${PART_ROWS}
      ) AS part)`;
    for (let part = 0; part < PARTS; part++) {
      const { rowCount } = await this.#pool.query(sql, [limit]);
      if ((rowCount ?? 0) < PART_ROWS) return;
    }
    this.#lookedAt = Number.NEGATIVE_INFINITY;
  }

  #report(error: unknown): void {
    this.#options.onError(error instanceof Error ? error : new Error(String(error)));
  }
}

const UNDEFINED_TABLE = "42P01";

/** `data_2026_01`, or `data_2026_01_20` for a day and for the rest of a month. */
const nameOf = (from: string, by: PeriodLength): string => {
  const wholeMonth = by === "month" && from.slice(8, 10) === "01";
  return `data_${from.slice(0, wholeMonth ? 7 : 10).replaceAll("-", "_")}`;
};

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
const storedTime = (time: number): string => new Date(time).toISOString().slice(0, 19).replace("T", " ");
