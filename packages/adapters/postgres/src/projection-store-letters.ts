/** The listing of dead letters, in the order in which they died first. */
import type { DeadLetter } from "@sluice/contracts";
import { type DeadLetterFilter, decodeCursor, encodeCursor, type Page, type PageRequest } from "@sluice/domain";
import type { Pool } from "pg";
import { hashOf } from "./projection-store-dead.ts";
import { isStorable } from "./projection-store-text.ts";
import { fromStoredTime } from "./projection-store-time.ts";

/** `bigint` comes as text. */
interface StoredLetter extends Omit<DeadLetter, "messageNumber"> {
  readonly seq: string;
  readonly messageNumber: string;
  readonly exact: string | null;
}

const COLUMNS = `seq, id, kind, flow, action, message_id AS "messageId", message_number AS "messageNumber", attribute,
  reason, attempts, dead_at::text AS "deadAt", event_id AS "eventId", exact`;

const toLetter = ({ seq: _, exact, ...stored }: StoredLetter): DeadLetter => ({
  ...stored,
  messageNumber: Number(stored.messageNumber),
  deadAt: fromStoredTime(stored.deadAt),
  ...(exact === null ? {} : (JSON.parse(exact) as Pick<DeadLetter, "attribute" | "reason">)),
});

/** @throws BadCursor */
export const listDeadLetters = async (
  pool: Pool,
  filter: DeadLetterFilter,
  page: PageRequest,
): Promise<Page<DeadLetter>> => {
  const order = page.order ?? "asc";
  const first = order === "asc" ? 0 : Number.MAX_SAFE_INTEGER;
  const after = page.after === undefined ? first : (decodeCursor("dead-letters", ["number"], page.after)[0] as number);
  const equal = [
    ["flow", filter.flow],
    ["action", filter.action],
    ["kind", filter.kind],
    ["cause", filter.cause],
  ].filter((condition): condition is [string, string] => condition[1] !== undefined);
  if (!equal.every(([, value]) => isStorable(value))) return { items: [], next: null };

  const values: unknown[] = [after, page.limit + 1, ...equal.map(([, value]) => value)];
  const conditions = [
    `seq ${order === "asc" ? ">" : "<"} $1`,
    ...equal.map(([column], index) => `${column} = $${index + 3}`),
  ];
  if (filter.ids !== undefined) {
    values.push(filter.ids.map(hashOf));
    conditions.push(`id_hash = ANY ($${values.length}::bytea[])`);
  }
  const { rows } = await pool.query<StoredLetter>(
    `SELECT ${COLUMNS} FROM sluice_dead_letters WHERE ${conditions.join(" AND ")} ORDER BY seq ${order} LIMIT $2`,
    values,
  );
  const items = rows.slice(0, page.limit);
  const last = items.at(-1);
  return {
    items: items.map(toLetter),
    next: rows.length > page.limit && last ? encodeCursor("dead-letters", [Number(last.seq)]) : null,
  };
};
