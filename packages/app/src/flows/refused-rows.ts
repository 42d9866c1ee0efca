/** Rows of a table of definitions that were refused, as events. Their ids come of what they say: said twice is said once. */
import type { NewEvent } from "@sluice/contracts";
import {
  type EventStore,
  type FlowSource,
  type FlowTableItem,
  type OverruledEdit,
  shownRow,
  tableStream,
} from "@sluice/domain";
import type { Logger } from "pino";
import { derivedId } from "../system/ids.ts";

type RowRefused = NewEvent<"FlowRowRefused">;

/** A row may be of any length, and so may be the list of what is wrong with it. */
const CODE_CHARACTERS = 200;
const MOST_ERRORS = 100;

type Refused = Extract<FlowTableItem, { kind: "refused" }>;

export interface RefusedRowsDependencies {
  readonly source: Pick<FlowSource, "name" | "recorded">;
  readonly store: Pick<EventStore, "append">;
  readonly log: Logger;
}

/** Puts them into the log. */
export class RefusedRows {
  readonly #deps: RefusedRowsDependencies;
  /** Of the last reload. */
  #recorded: ReadonlySet<string> = new Set();

  constructor(dependencies: RefusedRowsDependencies) {
    this.#deps = dependencies;
  }

  async recordInvalid(refused: readonly Refused[]): Promise<void> {
    const { source, log } = this.#deps;
    const events = refused.map((item) => invalidRow(source.name, item));
    for (const event of events) {
      if (this.#recorded.has(event.id)) continue;
      const { table, code, errors } = event.data;
      log.warn({ table, code, errors }, "row refused");
      await this.#record(event);
    }
    this.#recorded = new Set(events.map(({ id }) => id));
  }

  async recordOverruled(overruled: readonly OverruledEdit[]): Promise<void> {
    const { source, log } = this.#deps;
    for (const edit of overruled) {
      const event = overruledRow(source.name, edit);
      const { table, code, row } = event.data;
      log.warn({ table, code, row }, "edit overruled: the flow was changed elsewhere before it was read");
      await this.#record(event);
    }
    await source.recorded(overruled.map(({ id }) => id));
  }

  async #record(event: RowRefused): Promise<void> {
    await this.#deps.store.append([{ stream: tableStream(event.data.table), expected: "any", events: [event] }]);
  }
}

/** The same row with the same errors, at whatever reload, is one event. */
const invalidRow = (table: string, { code, row, errors }: Refused): RowRefused => {
  const { id: _id, lastMessageNumber, ...content } = row;
  const numberAtFault = errors.some(({ pointer }) => pointer === "/last_msg_id");
  return event(JSON.stringify(["invalid", table, content, numberAtFault ? lastMessageNumber : null, errors]), {
    table,
    code: code.slice(0, CODE_CHARACTERS),
    row: { ...shownRow(row), ...(numberAtFault ? { last_msg_id: String(lastMessageNumber) } : {}) },
    reason: "invalid",
    errors: errors.slice(0, MOST_ERRORS),
  });
};

export const overruledRow = (table: string, { code, position, row }: OverruledEdit): RowRefused =>
  event(JSON.stringify(["overruled", table, code, position, row]), {
    table,
    code,
    row: row === null ? null : shownRow(row),
    reason: "overruled",
    errors: [],
  });

const event = (content: string, data: RowRefused["data"]): RowRefused => ({
  id: derivedId(`row-refused/${content}`),
  type: "FlowRowRefused",
  schemaVersion: 1,
  data,
  metadata: { actor: "gateway" },
});
