/** The listing of dead letters, in the order in which they died first. */
import type { DeadLetter } from "@sluice/contracts";
import { type DeadLetterFilter, decodeCursor, encodeCursor, type Page, type PageRequest } from "@sluice/domain";
import type { StatementCache } from "./statement-cache.ts";

type StoredLetter = DeadLetter & { readonly seq: number };

const COLUMNS = `seq, id, kind, flow, action, message_id AS messageId, message_number AS messageNumber, attribute,
  reason, attempts, dead_at AS deadAt, event_id AS eventId`;

/** With a cause the plus signs keep the planner on the index that has its letters in their order. */
const conditionsOf = (filter: DeadLetterFilter): { sql: string; values: string[] } => {
  const conditions: string[] = [];
  const values: string[] = [];
  const sign = filter.cause === undefined || filter.ids !== undefined ? "" : "+";
  const equal = (column: string, value: string | undefined): void => {
    if (value === undefined) return;
    conditions.push(`${column} = ? AND`);
    values.push(value);
  };
  if (filter.ids !== undefined) {
    conditions.push("id IN (SELECT value FROM json_each(?)) AND");
    values.push(JSON.stringify(filter.ids));
  }
  equal(filter.ids === undefined ? "cause" : "+cause", filter.cause);
  equal(`${sign}flow`, filter.flow);
  equal(`${sign}action`, filter.action);
  equal(`${sign}kind`, filter.kind);
  return { sql: conditions.join(" "), values };
};

/** @throws BadCursor */
export const listDeadLetters = (
  statements: StatementCache,
  filter: DeadLetterFilter,
  page: PageRequest,
): Page<DeadLetter> => {
  const order = page.order ?? "asc";
  const after =
    page.after === undefined
      ? order === "asc"
        ? 0
        : Number.MAX_SAFE_INTEGER
      : (decodeCursor("dead-letters", ["number"], page.after)[0] as number);
  const { sql, values } = conditionsOf(filter);
  const rows = statements
    .prepare(
      `SELECT ${COLUMNS} FROM dead_letters WHERE ${sql} seq ${order === "asc" ? ">" : "<"} ? ORDER BY seq ${order} LIMIT ?`,
    )
    .all(...values, after, page.limit + 1) as unknown as StoredLetter[];
  const items = rows.slice(0, page.limit);
  const last = items.at(-1);
  return {
    items: items.map(({ seq: _, ...letter }) => letter),
    next: rows.length > page.limit && last ? encodeCursor("dead-letters", [last.seq]) : null,
  };
};
