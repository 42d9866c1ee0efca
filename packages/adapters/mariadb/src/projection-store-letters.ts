/** The listing of dead letters, in the order in which they died first. */
import type { DeadLetter } from "@sluice/contracts";
import { type DeadLetterFilter, decodeCursor, encodeCursor, type Page, type PageRequest } from "@sluice/domain";
import type { Connection, Pool } from "mariadb";
import { hashOf } from "./projection-store-dead.ts";
import { fromStoredTime } from "./projection-store-time.ts";

type StoredLetter = DeadLetter & { readonly seq: number };

const COLUMNS = `seq, id, kind, flow, action, message_id AS messageId, message_number AS messageNumber, attribute,
  reason, attempts, dead_at AS deadAt, event_id AS eventId`;

const conditionsOf = (filter: DeadLetterFilter): { sql: string; values: (string | Buffer)[] } => {
  const conditions: string[] = [];
  const values: (string | Buffer)[] = [];
  const equal = (column: string, value: string | undefined): void => {
    if (value === undefined) return;
    conditions.push(`${column} = ? AND`);
    values.push(value);
  };
  if (filter.ids !== undefined) {
    conditions.push(`id_hash IN (${filter.ids.map(() => "?").join(", ")}) AND`);
    values.push(...filter.ids.map(hashOf));
  }
  equal("flow", filter.flow);
  equal("action", filter.action);
  equal("kind", filter.kind);
  equal("cause", filter.cause);
  return { sql: conditions.join(" "), values };
};

/** @throws BadCursor */
export const listDeadLetters = async (
  connection: Connection | Pool,
  filter: DeadLetterFilter,
  page: PageRequest,
): Promise<Page<DeadLetter>> => {
  const order = page.order ?? "asc";
  const first = order === "asc" ? 0 : Number.MAX_SAFE_INTEGER;
  const after = page.after === undefined ? first : decodeCursor("dead-letters", ["number"], page.after)[0];
  if (filter.ids?.length === 0) return { items: [], next: null };
  const { sql, values } = conditionsOf(filter);
  // It has the letters of a cause in their order; another would have to sort all of them for each page.
  const index = filter.cause !== undefined && filter.ids === undefined ? "FORCE INDEX (dead_letters_cause)" : "";
  const rows = await connection.query<StoredLetter[]>(
    `SELECT ${COLUMNS} FROM dead_letters ${index} WHERE ${sql} seq ${order === "asc" ? ">" : "<"} ? ORDER BY seq ${order} LIMIT ?`,
    [...values, after, page.limit + 1],
  );
  const items = rows.slice(0, page.limit);
  const last = items.at(-1);
  return {
    items: items.map(({ seq: _, ...letter }) => ({ ...letter, deadAt: fromStoredTime(letter.deadAt) })),
    next: rows.length > page.limit && last ? encodeCursor("dead-letters", [last.seq]) : null,
  };
};
