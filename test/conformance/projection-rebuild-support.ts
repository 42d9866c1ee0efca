/** What a definition of the projection rebuild's conformance suite works with. */
import assert from "node:assert/strict";
import type { DataItem, DeadLetter } from "@sluice/contracts";
import type {
  DataRow,
  ProjectionBatch,
  ProjectionRebuild,
  ProjectionSide,
  ProjectionStore,
  SinkCounts,
  SwitchOrder,
} from "@sluice/domain";
import type { ProjectionRebuildAdapter } from "./projection-rebuild-adapters.ts";
import { batch, CONSUMER, doneOf, instant, nextUuid, readData, readDead, row } from "./projection-store-support.ts";

export interface ProjectionRebuildContext {
  readonly adapter: ProjectionRebuildAdapter;
  /** Of the database that this definition has to itself. */
  readonly location: string;
  /** What the stores take for the time, in ms since the epoch. */
  time: number;
  /** Another live projection on the database, started; stopped after the definition. */
  openLive(): Promise<ProjectionStore>;
  /** Another rebuild on the database, started; stopped after the definition, and its candidate is taken away. */
  open(): Promise<ProjectionRebuild>;
}

export interface ProjectionRebuildDefinition {
  readonly name: string;
  run(context: ProjectionRebuildContext): Promise<void>;
}

/** Batches that follow one another, the first from `from`: each moves the cursor by one. */
export const series = (parts: readonly Partial<ProjectionBatch>[], from = 0): ProjectionBatch[] =>
  parts.map((part, index) =>
    batch({
      done: doneOf(part.rows ?? []),
      ...part,
      from: from + index === 0 ? null : String(from + index),
      to: String(from + index + 1),
    }),
  );

export const applyAll = async (store: ProjectionStore, batches: readonly ProjectionBatch[]): Promise<void> => {
  for (const one of batches) await store.apply(one);
};

/** Rows that were received one after the other, from the instant `from` ms on. */
export const rowsFrom = (from: number, count: number, values: Partial<DataRow> = {}): DataRow[] =>
  Array.from({ length: count }, (_, index) =>
    row({ receivedAt: instant(from + index), text: String(from + index), number: from + index, ...values }),
  );

export const order = (id: string, position: number | string, values: Partial<SwitchOrder> = {}): SwitchOrder => ({
  id,
  consumer: CONSUMER,
  position: String(position),
  receivedFrom: null,
  ...values,
});

export interface Sides {
  readonly live: ProjectionStore;
  readonly rebuild: ProjectionRebuild;
  readonly candidate: ProjectionStore;
}

/** The live projection with one history, and the candidate of the rebuild `id` with another. */
export const openSides = async (
  context: ProjectionRebuildContext,
  live: readonly ProjectionBatch[],
  candidate = live,
  id = "one",
): Promise<Sides> => {
  const sides = { live: await context.openLive(), rebuild: await context.open() };
  const made = await sides.rebuild.candidate(id);
  await applyAll(sides.live, live);
  await applyAll(made, candidate);
  return { ...sides, candidate: made };
};

export interface Contents {
  readonly data: readonly DataItem[];
  readonly dead: readonly DeadLetter[];
  readonly counts: readonly SinkCounts[];
  readonly cursor: string | null;
}

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** All that the port gives out, with the ids of the rows. */
export const contents = async (store: ProjectionStore): Promise<Contents> => ({
  data: await readData(store),
  dead: await readDead(store),
  counts: (await store.counts()).toSorted((left, right) =>
    byText(`${left.flow} ${left.action}`, `${right.flow} ${right.action}`),
  ),
  cursor: await store.cursor(CONSUMER),
});

/** Without what is the store's own: ids of rows, and counts of which all are zero. Dead letters by id. */
export const comparable = ({ data, dead, counts, cursor }: Contents) => ({
  data: data.map(({ id, ...item }) => item),
  dead: dead.toSorted((left, right) => byText(left.id, right.id)),
  counts: counts.filter((one) => one.done !== 0 || one.dead !== 0 || one.discarded !== 0),
  cursor,
});

export const assertAlike = async (left: ProjectionStore, right: ProjectionStore, what = "the same"): Promise<void> =>
  assert.deepEqual(comparable(await contents(left)), comparable(await contents(right)), what);

const COLUMNS = `id, received_at, flow_code, attribute_name, attribute_value, last_msg_id, event_id, message_id, action,
  value_type, value_number, device_time`;

/** Every column of every row, as this database's driver gives them. */
export const storedRows = ({ adapter, location }: ProjectionRebuildContext) =>
  adapter.store.query(location, `SELECT ${COLUMNS} FROM data ORDER BY id`);

/** By event id. */
export const rowIds = async (context: ProjectionRebuildContext): Promise<ReadonlyMap<string, string>> =>
  new Map((await storedRows(context)).map(({ event_id, id }) => [String(event_id), String(id)] as const));

/** What a rebuild has nothing to do with. */
export const peoplesTables = async ({ adapter, location }: ProjectionRebuildContext) => [
  await adapter.store.query(location, "SELECT * FROM flows ORDER BY id"),
  await adapter.store.query(location, "SELECT * FROM mqtt_servers ORDER BY id"),
  await adapter.store.query(location, `SELECT ${COLUMNS} FROM data WHERE event_id IS NULL ORDER BY id`),
];

/** A row as the older gateway writes it. */
export const addOlderRow = ({ adapter, location }: ProjectionRebuildContext, value: string) =>
  adapter.store.query(
    location,
    `INSERT INTO data (received_at, flow_code, attribute_name, attribute_value, last_msg_id)
     VALUES ('2026-01-01 00:00:00.000000', 'AHT10_SENSOR', 'old', '${value}', 1)`,
  );

/** All pages, up to a new mark where none is given. */
export const readRows = async (
  rebuild: ProjectionRebuild,
  side: ProjectionSide,
  { upTo, limit = 7, receivedFrom = null }: { upTo?: string; limit?: number; receivedFrom?: string | null } = {},
): Promise<DataRow[]> => {
  const mark = upTo ?? (await rebuild.mark(side));
  const rows: DataRow[] = [];
  for (;;) {
    const after = rows.at(-1)?.eventId ?? null;
    const page = await rebuild.rows(side, { upTo: mark, after, limit, receivedFrom });
    assert.ok(page.length <= limit, "a page is no longer than its limit");
    rows.push(...page);
    if (page.length < limit) return rows;
  }
};

/** Event ids are ASCII here: by their bytes is by their UTF-16 units. */
export const byEventId = (rows: readonly DataRow[]): DataRow[] =>
  rows.toSorted((left, right) => byText(left.eventId, right.eventId));

/** No id of these comes in the order in which they are made. */
export const shuffledIds = (count: number): string[] =>
  Array.from({ length: count }, () => nextUuid()).map((id, index) => `${(index * 7) % 10}${id.slice(1)}`);
