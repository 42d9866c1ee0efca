/** Rows of a table of definitions that were refused, as events. Their ids come of what they say: said twice is said once. */
import type { NewEvent } from "@sluice/contracts";
import { type FlowTableItem, type OverruledEdit, shownRow } from "@sluice/domain";
import { derivedId } from "../system/ids.ts";

export type RowRefused = NewEvent<"FlowRowRefused">;

/** A row may be of any length, and so may be the list of what is wrong with it. */
const CODE_CHARACTERS = 200;
const MOST_ERRORS = 100;

type Refused = Extract<FlowTableItem, { kind: "refused" }>;

/** The same row with the same errors, at whatever reload, is one event. */
export const invalidRow = (table: string, { code, row, errors }: Refused): RowRefused => {
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
