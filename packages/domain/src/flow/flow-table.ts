/**
 * From the rows of the table `flows` to commands: what people have changed there since the projector wrote it last.
 *
 * | row                | mirror        | flow           |                                                        |
 * |--------------------|---------------|----------------|--------------------------------------------------------|
 * | there              | any           | never was      | define: a new row, or the older gateway's              |
 * | there              | none          | retired        | define: numbers go on                                  |
 * | there              | none          | living         | pending: the projector is about to write the row       |
 * | as mirrored        | there         | living         | nothing: it was not edited                             |
 * | otherwise          | there         | as mirrored    | revise, enable, disable: by the columns that differ    |
 * | otherwise          | there         | otherwise      | pending: what the log says has yet to be mirrored      |
 * | as mirrored        | there         | retired        | nothing: the projector is about to delete it           |
 * | otherwise          | there         | retired        | pending                                                |
 * | none               | there         | as mirrored    | retire: it was deleted, or has another code            |
 * | none               | there         | otherwise      | pending                                                |
 * | none               | any           | not living     | nothing                                                |
 *
 * What is pending is clear as soon as the projector has caught up: the edit was overruled by the log (`flow-mirror.ts`),
 * or it came after the one that the log has, and stands.
 */
import type { FlowDefinition, ValidationError } from "@sluice/contracts";
import { canonicalJson } from "../message/canonical-json.ts";
import type { FlowSourceContent, FlowTableColumns, FlowTableRow } from "../ports/flow-source.ts";
import type { FlowCommand, FlowState } from "./flow.ts";
import {
  changedColumns,
  type FlowColumn,
  flowColumnsOf,
  inputOfRow,
  inputWithColumns,
  payloadSchemaOf,
  sameColumns,
} from "./flow-columns.ts";
import { rowErrors } from "./flow-row-errors.ts";

export type FlowTableItem =
  | {
      readonly kind: "command";
      readonly code: string;
      readonly command: FlowCommand;
      /** Of the flow's stream, as the command was decided on; undefined where there is no living flow. */
      readonly expectedVersion: number | undefined;
    }
  /** An edit that cannot be judged before the projector has written what the log says: look again. */
  | { readonly kind: "pending"; readonly code: string }
  /** The flow stays as it is, or undefined. */
  | {
      readonly kind: "refused";
      readonly code: string;
      readonly row: FlowTableRow;
      /** Pointers are to columns. */
      readonly errors: readonly ValidationError[];
    };

/** What the API would say to the same definition. */
export type CheckRow = (
  input: unknown,
) =>
  | { readonly ok: true; readonly definition: FlowDefinition }
  | { readonly ok: false; readonly errors: readonly ValidationError[] };

/** What of a flow's state the plan looks at. */
export type PlannedFlow = Pick<FlowState, "status" | "definition" | "version">;

export interface FlowTablePlan {
  readonly content: Pick<FlowSourceContent, "flows" | "mirrored">;
  /** Undefined: there never was such a flow. */
  readonly flow: (code: string) => PlannedFlow | undefined;
  readonly check: CheckRow;
}

/** What makes flows live comes first, so that a flow whose code was changed is never without a subscription. */
export const planFlowTable = ({ content, flow, check }: FlowTablePlan): readonly FlowTableItem[] => {
  const byCode = Map.groupBy(content.flows, ({ code }) => code);
  const items = [...byCode].flatMap(([code, rows]): FlowTableItem[] => {
    const [row, ...others] = rows as [FlowTableRow, ...FlowTableRow[]];
    const planned = others.length === 0 ? itemOf(row, content.mirrored.get(code), flow(code), check) : twice(row);
    return planned === null ? [] : [planned];
  });
  for (const [code, mirror] of content.mirrored) {
    const state = flow(code);
    const mine = columnsOf(state);
    if (byCode.has(code) || mine === null) continue;
    if (!sameColumns(mine, mirror)) items.push({ kind: "pending", code });
    else items.push({ kind: "command", code, command: { kind: "retire" }, expectedVersion: state?.version });
  }
  return items;
};

/** Null of a flow that does not live. */
const columnsOf = (state: PlannedFlow | undefined): FlowTableColumns | null =>
  state?.definition && (state.status === "enabled" || state.status === "disabled")
    ? flowColumnsOf(state.definition, state.status === "enabled")
    : null;

const itemOf = (
  row: FlowTableRow,
  mirror: FlowTableColumns | undefined,
  state: PlannedFlow | undefined,
  check: CheckRow,
): FlowTableItem | null => {
  const mine = columnsOf(state);
  const pending = { kind: "pending", code: row.code } as const;
  if (mine === null) {
    const never = state === undefined || state.status === "undefined";
    if (never || mirror === undefined) return define(row, check);
    return sameColumns(row, mirror) ? null : pending;
  }
  if (sameColumns(row, mine) || (mirror !== undefined && sameColumns(row, mirror))) return null;
  if (mirror === undefined || !sameColumns(mine, mirror)) return pending;
  return revise(row, changedColumns(mirror, row), state as PlannedFlow, check);
};

const define = (row: FlowTableRow, check: CheckRow): FlowTableItem => {
  const { code, enabled, lastMessageNumber } = row;
  const checked = checkedRow(row, (schema) => inputOfRow(code, row, schema), check);
  const errors = [...(checked.ok ? [] : checked.errors), ...numberErrors(lastMessageNumber)];
  if (!checked.ok || errors.length > 0) return { kind: "refused", code, row, errors };
  const command = { kind: "define", definition: checked.definition, enabled, lastMessageNumber } as const;
  return { kind: "command", code, command, expectedVersion: undefined };
};

const revise = (
  row: FlowTableRow,
  changed: readonly FlowColumn[],
  { definition, status, version: expectedVersion }: PlannedFlow,
  check: CheckRow,
): FlowTableItem | null => {
  const { code, enabled } = row;
  const before = definition as FlowDefinition;
  const checked = checkedRow(row, (schema) => inputWithColumns(before, row, changed, schema), check);
  if (!checked.ok) return { kind: "refused", code, row, errors: checked.errors };
  const switched = enabled !== (status === "enabled");
  const command = (command: FlowCommand): FlowTableItem => ({ kind: "command", code, command, expectedVersion });
  if (canonicalJson(checked.definition) !== canonicalJson(before)) {
    return command({ kind: "revise", definition: checked.definition, ...(switched ? { enabled } : {}) });
  }
  // An edit may say nothing: a URL beside STORE_DB, which has no use for it.
  return switched ? command({ kind: enabled ? "enable" : "disable" }) : null;
};

/** Whatever is in a row, it must not keep the others from being read. */
const checkedRow = (row: FlowTableRow, inputWith: (schema: unknown) => unknown, check: CheckRow) => {
  const { schema, errors } = readSchema(row);
  try {
    const checked = check(inputWith(schema));
    if (checked.ok && errors.length === 0) return checked;
    return { ok: false, errors: [...errors, ...(checked.ok ? [] : rowErrors(checked.errors))] } as const;
  } catch (error) {
    const message = `cannot be checked: ${error instanceof Error ? error.message : error}`;
    return { ok: false, errors: [{ pointer: "", keyword: "schema", message }] } as const;
  }
};

/** Null in place of what is not JSON, so that the other columns can be checked. */
const readSchema = ({ payloadSchema }: FlowTableRow): { schema: unknown; errors: readonly ValidationError[] } => {
  try {
    return { schema: payloadSchemaOf(payloadSchema), errors: [] };
  } catch {
    return { schema: null, errors: [{ pointer: "/payload_schema", keyword: "json", message: "is not JSON" }] };
  }
};

const numberErrors = (lastMessageNumber: number): readonly ValidationError[] => {
  if (Number.isSafeInteger(lastMessageNumber) && lastMessageNumber >= 0) return [];
  const message = "must be a whole number from 0 up to 9007199254740991";
  return [{ pointer: "/last_msg_id", keyword: "type", message }];
};

const twice = (row: FlowTableRow): FlowTableItem => {
  const message = "another row has the same code; which of them is meant?";
  return { kind: "refused", code: row.code, row, errors: [{ pointer: "/code", keyword: "unique", message }] };
};
