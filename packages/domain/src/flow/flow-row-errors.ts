/** What was wrong with a row, in the words of its table, and what of it may be shown. */
import type { ValidationError } from "@sluice/contracts";
import type { FlowTableColumns } from "../ports/flow-source.ts";
import { columnNames, type FlowColumn } from "./flow-columns.ts";

/** Places of a definition and the columns that they come from. */
const places: readonly (readonly [place: RegExp, column: string])[] = [
  [/^\/payloadSchema/, "/payload_schema"],
  [/^\/actions\/\d+\/url$/, "/endpoint_url"],
  [/^\/actions(\/.*)?$/, "/action"],
];

/** Errors of a definition as errors of the row that it was made from. */
export const rowErrors = (errors: readonly ValidationError[]): readonly ValidationError[] =>
  errors.map((error) => {
    const place = places.find(([pattern]) => pattern.test(error.pointer));
    return place === undefined ? error : { ...error, pointer: error.pointer.replace(...place) };
  });

const SHOWN = 1_000;

/** Columns as text for events and logs: what is long is cut, and of URLs the user name and password are left out. */
export const shownRow = (row: FlowTableColumns): Record<string, string | null> =>
  Object.fromEntries(
    Object.entries(columnNames).map(([column, name]) => {
      const value = row[column as FlowColumn];
      return [name, value === null ? null : shown(String(value))];
    }),
  );

const shown = (text: string): string => {
  const harmless = text.replace(/\/\/[^/?#\s]*@/g, "//***@");
  return harmless.length <= SHOWN ? harmless : `${harmless.slice(0, SHOWN)}…`;
};
