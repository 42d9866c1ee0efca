/** What a definition of the projection store's conformance suite works with. */
import assert from "node:assert/strict";
import type { DataItem, DeadLetter, FlowDefinition, ValueType } from "@sluice/contracts";
import {
  type ApplyResult,
  type DataFilter,
  type DataRow,
  type DeadLetterFilter,
  deliveryId,
  type Page,
  type PageRequest,
  type ProjectionBatch,
  type ProjectionStore,
} from "@sluice/domain";
import type { ProjectionStoreAdapter } from "./projection-store-adapters.ts";

export interface ProjectionStoreContext {
  readonly adapter: ProjectionStoreAdapter;
  /** Of the database that this definition has to itself. */
  readonly location: string;
  /** What the stores take for the time, in ms since the epoch. */
  time: number;
  /** Another instance on the database, started; stopped after the definition. */
  open(): Promise<ProjectionStore>;
}

export interface ProjectionStoreDefinition {
  readonly name: string;
  run(context: ProjectionStoreContext): Promise<void>;
}

export const CONSUMER = "projection";
export const FLOW = "FLOW_A";
export const ACTION = "store";

/** A UUID made of a number: later ones sort later, as those of version 7 do. */
export const uuid = (number: number): string => `01980000-0000-7000-8000-${number.toString(16).padStart(12, "0")}`;

/** `2026-01-01T00:00:00.000Z` and so many milliseconds. */
export const instant = (ms: number): string => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();

let lastId = 0;
export const nextUuid = (): string => uuid(++lastId);

export const row = (values: Partial<DataRow> = {}): DataRow => ({
  eventId: nextUuid(),
  flow: FLOW,
  action: ACTION,
  messageId: nextUuid(),
  messageNumber: 1,
  attribute: "temperature",
  valueType: "number",
  text: "21.5",
  number: 21.5,
  receivedAt: instant(0),
  deviceTime: null,
  ...values,
});

export const rowId = ({ messageId, flow, action, attribute }: DataRow): string =>
  deliveryId({ messageId, flow, action, attribute });

export const batch = (values: Partial<ProjectionBatch> = {}): ProjectionBatch => ({
  consumer: CONSUMER,
  from: null,
  to: "1",
  rows: [],
  flows: [],
  lastMessageNumbers: new Map(),
  done: [],
  deadLetters: [],
  rowCommands: [],
  ...values,
});

/** The messages that these rows are of, as `done`. */
export const doneOf = (rows: readonly DataRow[]): ProjectionBatch["done"] =>
  [...Map.groupBy(rows, (one) => `${one.flow}/${one.action}`).values()].map((group) => ({
    flow: group[0]?.flow as string,
    action: group[0]?.action as string,
    messages: new Set(group.map((one) => one.messageId)).size,
  }));

/** Applies one batch after the other, each beginning where the one before ended; rows complete their messages. */
export const feed = (store: ProjectionStore): ((values: Partial<ProjectionBatch>) => Promise<ApplyResult>) => {
  let position = 0;
  return (values) => {
    const from = position === 0 ? null : String(position);
    position += 1;
    return store.apply(batch({ done: doneOf(values.rows ?? []), ...values, from, to: String(position) }));
  };
};

export const definition = (values: Partial<FlowDefinition> = {}): FlowDefinition => ({
  code: FLOW,
  topic: "sensors/{site}/data",
  description: "one of two",
  broker: "default",
  qos: 1,
  payloadSchema: { temperature: "float" },
  payload: { codec: "json", onInvalid: "reject" },
  actions: [{ id: ACTION, type: "STORE_DB" }],
  thresholds: [],
  ...values,
});

export const letter = (values: Partial<DeadLetter> = {}): DeadLetter => {
  const messageId = values.messageId ?? nextUuid();
  const flow = values.flow ?? FLOW;
  const action = values.action ?? "post";
  return {
    id: deliveryId({ messageId, flow, action }),
    kind: "delivery",
    flow,
    action,
    messageId,
    messageNumber: 1,
    attribute: null,
    reason: "answered 410",
    attempts: 5,
    deadAt: instant(0),
    eventId: nextUuid(),
    ...values,
  };
};

/** The item that a row comes back as, without the store's own id. */
export const itemOf = ({ number, ...rest }: DataRow): Omit<DataItem, "id"> => ({
  ...rest,
  value: parsed(rest.valueType, rest.text),
});
const parsed = (type: ValueType, text: string): unknown => (type === "string" ? text : JSON.parse(text));

export const withoutId = ({ id, ...item }: DataItem): Omit<DataItem, "id"> => item;

/** Everything that a listing has, page by page; `between` runs after each page but the last. */
export const readPages = async <T>(
  list: (page: PageRequest) => Promise<Page<T>>,
  page: PageRequest,
  between: () => Promise<void> = async () => {},
): Promise<T[]> => {
  const items: T[] = [];
  for (let after: string | null = null; ; await between()) {
    const found: Page<T> = await list(after === null ? page : { ...page, after });
    assert.ok(found.items.length <= page.limit, "a page is no longer than its limit");
    items.push(...found.items);
    if (found.next === null) return items;
    assert.equal(found.items.length, page.limit, "only the last page is shorter");
    after = found.next;
  }
};

export const readData = (store: ProjectionStore, filter: DataFilter = {}): Promise<DataItem[]> =>
  readPages((page) => store.data(filter, page), { limit: 1_000 });

export const readDead = (store: ProjectionStore, filter: DeadLetterFilter = {}): Promise<DeadLetter[]> =>
  readPages((page) => store.deadLetters(filter, page), { limit: 1_000 });

/** [done, dead, discarded] of an action; zeros where nothing is counted. */
export const countsOf = async (
  store: ProjectionStore,
  flow = FLOW,
  action = ACTION,
): Promise<[done: number, dead: number, discarded: number]> => {
  const counts = (await store.counts()).filter((one) => one.flow === flow && one.action === action);
  assert.ok(counts.length <= 1, "an action is counted once");
  return [counts[0]?.done ?? 0, counts[0]?.dead ?? 0, counts[0]?.discarded ?? 0];
};
