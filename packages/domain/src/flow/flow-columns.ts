/**
 * A flow as a row of the older gateway's table `flows`: one action and one URL where a definition may have many. The
 * columns stand for the first action and for the first endpoint; what they cannot hold stays as the definition has it.
 */
import type { ActionInput, FlowDefinition, FlowDefinitionInput } from "@sluice/contracts";
import { canonicalJson } from "../message/canonical-json.ts";
import type { FlowTableColumns } from "../ports/flow-source.ts";
import { EVERY_BROKER } from "./broker.ts";

export type FlowColumn = keyof FlowTableColumns;

/** The names in the table. */
export const columnNames = {
  description: "description",
  topic: "topic",
  action: "action",
  payloadSchema: "payload_schema",
  endpointUrl: "endpoint_url",
  enabled: "enabled",
} as const satisfies Readonly<Record<FlowColumn, string>>;

const columns = Object.keys(columnNames) as FlowColumn[];

export const flowColumnsOf = (definition: FlowDefinition, enabled: boolean): FlowTableColumns => ({
  description: definition.description,
  topic: definition.topic,
  action: definition.actions[0]?.type ?? "",
  // The text `null` where there is no schema, not NULL: an adopted column may be NOT NULL.
  payloadSchema: JSON.stringify(definition.payloadSchema),
  endpointUrl: definition.actions.find((action) => action.type === "POST_ENDPOINT")?.url ?? null,
  enabled,
});

/** @throws SyntaxError */
export const payloadSchemaOf = (text: string | null): unknown =>
  text === null || text.trim() === "" ? null : JSON.parse(text);

const schemaMeaning = (text: string | null): string => {
  try {
    return canonicalJson(payloadSchemaOf(text));
  } catch {
    // No JSON, or nested too deep to be walked: it means nothing but itself.
    return `text ${text}`;
  }
};

/** What not every database has a form for reads as U+FFFD. */
const storable = (text: string | null): string => (text ?? "").toWellFormed().replaceAll("\0", "\ufffd");

const meaningOf = (row: FlowTableColumns, column: FlowColumn): unknown => {
  if (column === "enabled") return row.enabled;
  return column === "payloadSchema" ? schemaMeaning(row.payloadSchema) : storable(row[column]);
};

/** Columns that say different things: JSON however it is written is the same, and so are NULL and empty text. */
export const changedColumns = (before: FlowTableColumns, after: FlowTableColumns): readonly FlowColumn[] =>
  columns.filter(
    (column) => before[column] !== after[column] && meaningOf(before, column) !== meaningOf(after, column),
  );

export const sameColumns = (one: FlowTableColumns, other: FlowTableColumns): boolean =>
  changedColumns(one, other).length === 0;

/**
 * What the row would be if it were sent to the API; unchecked, whatever its columns hold.
 * @param payloadSchema the column, parsed
 */
export const inputOfRow = (code: string, row: FlowTableColumns, payloadSchema: unknown): unknown => ({
  code,
  description: row.description ?? "",
  topic: row.topic,
  broker: EVERY_BROKER,
  payloadSchema,
  actions: [actionOfRow(row)],
});

const actionOfRow = ({ action, endpointUrl }: FlowTableColumns): unknown =>
  action === "POST_ENDPOINT" ? { type: action, url: endpointUrl } : { type: action };

/** The definition with these columns as the row has them; unchecked. `payloadSchema` is the column, parsed. */
export const inputWithColumns = (
  definition: FlowDefinition,
  row: FlowTableColumns,
  changed: readonly FlowColumn[],
  payloadSchema: unknown,
): unknown => {
  const has = (column: FlowColumn): boolean => changed.includes(column);
  return {
    ...definition,
    ...(has("description") ? { description: row.description ?? "" } : {}),
    ...(has("topic") ? { topic: row.topic } : {}),
    ...(has("payloadSchema") ? { payloadSchema } : {}),
    actions: withUrl(withFirst(definition.actions, row, has("action")), row, has("endpointUrl")),
  };
};

type Actions = FlowDefinitionInput["actions"];

/** The first action gives way to one of the row's type: to the next that there is of it, else to a new one. */
const withFirst = (actions: Actions, row: FlowTableColumns, changed: boolean): Actions => {
  if (!changed) return actions;
  const rest = actions.slice(1);
  const next = rest.find(({ type }) => type === row.action);
  const first = next ?? (actionOfRow(row) as ActionInput);
  return [first, ...rest.filter((action) => action !== first)];
};

/** The first endpoint gets the row's URL. Without one there is none any more, unless the row says POST_ENDPOINT. */
const withUrl = (actions: Actions, row: FlowTableColumns, changed: boolean): Actions => {
  if (!changed) return actions;
  const none = (row.endpointUrl ?? "") === "";
  if (none && row.action !== "POST_ENDPOINT") return actions.filter(({ type }) => type !== "POST_ENDPOINT");
  const first = actions.findIndex(({ type }) => type === "POST_ENDPOINT");
  return actions.map((action, index) =>
    index === first ? ({ ...action, url: row.endpointUrl } as ActionInput) : action,
  );
};
