/** The switch-over and its roll-back, within a transaction of the caller's. */
import { CursorMoved, type Switched, type SwitchOrder, type SwitchResult } from "@sluice/domain";
import type { Connection, Pool, UpsertResult } from "mariadb";
import { isDenied, isMissing } from "./connection.ts";
import { MARK } from "./projection-rebuild-candidate.ts";
import { DATA_COLUMNS, EQUAL, LETTER_COLUMNS, readTheirColumns } from "./projection-rebuild-columns.ts";
import { toStoredTime } from "./projection-store-time.ts";

/** Tables that the candidate's content replaces as a whole. */
const REPLACED = [
  { table: "sink_counts", undo: "sluice_undo_counts", columns: "flow, action, done, dead, discarded" },
  {
    table: "dead_messages",
    undo: "sluice_undo_messages",
    columns: "flow, action, message_id, dead_rows, discarded_rows",
  },
] as const;
const UNDO_TABLES = [
  "sluice_undo_data",
  "sluice_undo_added",
  "sluice_undo_letters",
  ...REPLACED.map(({ undo }) => undo),
];

const LAST_SWITCH = "SELECT id, position, added, removed, changed FROM sluice_switch";
const PUT_SWITCH = "INSERT INTO sluice_switch (id, position, added, removed, changed) VALUES (?, ?, ?, ?, ?)";

const list = (columns: readonly string[], alias?: string): string =>
  columns.map((column) => (alias === undefined ? column : `${alias}.${column}`)).join(", ");
const assign = (columns: readonly string[], from: string): string =>
  columns.map((column) => `live.${column} = ${from}.${column}`).join(", ");

export const readSwitch = async (connection: Connection | Pool): Promise<Switched | null> => {
  const [found] = await connection.query<Switched[]>(LAST_SWITCH);
  return found ?? null;
};

/** From then on a batch of the consumer waits. */
const lockCursor = async (connection: Connection, consumer: string): Promise<string | null> => {
  const sql = "SELECT position FROM cursors WHERE consumer = ? FOR UPDATE";
  const [found] = await connection.query<{ position: string }[]>(sql, [consumer]);
  return found?.position ?? null;
};

/** Null also where there is no candidate of this rebuild. */
const lockCandidate = async (connection: Connection, candidate: string, id: string, consumer: string) => {
  const sql = `SELECT position FROM ${candidate}.${MARK} AS mark JOIN ${candidate}.cursors
    WHERE mark.id = ? AND consumer = ? FOR UPDATE`;
  try {
    const [found] = await connection.query<{ position: string }[]>(sql, [id, consumer]);
    return found?.position ?? null;
  } catch (error) {
    // Without a right on it MariaDB does not say whether it is there.
    if (isMissing(error) || isDenied(error)) return null;
    throw error;
  }
};

/**
 * What differs is found first, without a lock; what is written then is that alone. A row whose time of receipt is wrong
 * on one side belongs to the rebuild when it does on the other.
 * @param candidate its database, quoted
 */
export const switchOver = async (
  connection: Connection,
  candidate: string,
  { id, consumer, position, receivedFrom }: SwitchOrder,
): Promise<SwitchResult> => {
  const live = await lockCursor(connection, consumer);
  const last = await readSwitch(connection);
  if (last?.id === id) return { added: last.added, removed: last.removed, changed: last.changed };
  for (const actual of [live, await lockCandidate(connection, candidate, id, consumer)]) {
    if (actual !== position) throw new CursorMoved(consumer, position, actual);
  }
  await forgetSwitch(connection);

  const run = async (sql: string, values: readonly string[] = []): Promise<number> =>
    (await connection.query<UpsertResult>(sql, [...values])).affectedRows;
  const since = receivedFrom === null ? [] : [toStoredTime(receivedFrom)];

  const theirs = await readTheirColumns(connection);
  await run(
    `INSERT INTO sluice_undo_data (id, removed, ${list(DATA_COLUMNS)}, theirs)
     SELECT live.id, candidate.id IS NULL, ${list(DATA_COLUMNS, "live")},
       IF(candidate.id IS NULL, ${theirs.kept}, NULL)
     FROM data AS live FORCE INDEX (PRIMARY)
       LEFT JOIN ${candidate}.data AS candidate FORCE INDEX (data_event) ON candidate.event_id = live.event_id
     WHERE live.event_id IS NOT NULL
       ${receivedFrom === null ? "" : "AND (live.received_at >= ? OR candidate.received_at >= ?)"}
       AND (candidate.id IS NULL OR NOT (${EQUAL}))`,
    [...since, ...since],
  );
  await run(
    `INSERT INTO sluice_undo_added (candidate_id, event_id)
     SELECT candidate.id, candidate.event_id
     FROM ${candidate}.data AS candidate
       LEFT JOIN data AS live FORCE INDEX (data_event) ON live.event_id = candidate.event_id
     WHERE live.event_id IS NULL AND candidate.event_id IS NOT NULL
       ${receivedFrom === null ? "" : "AND candidate.received_at >= ?"}`,
    since,
  );
  const removed = await run(
    "DELETE live FROM sluice_undo_data AS kept STRAIGHT_JOIN data AS live ON live.id = kept.id WHERE kept.removed",
  );
  const changed = await run(
    `UPDATE sluice_undo_data AS kept
       STRAIGHT_JOIN data AS live ON live.id = kept.id
       STRAIGHT_JOIN ${candidate}.data AS candidate ON candidate.event_id = kept.event_id
     SET ${assign(DATA_COLUMNS, "candidate")} WHERE NOT kept.removed`,
  );
  const added = await run(
    `INSERT INTO data (${list(DATA_COLUMNS)})
     SELECT ${list(DATA_COLUMNS, "candidate")}
     FROM sluice_undo_added AS kept STRAIGHT_JOIN ${candidate}.data AS candidate ON candidate.id = kept.candidate_id
     ORDER BY kept.candidate_id`,
  );
  await switchLetters(run, candidate);
  for (const { table, undo, columns } of REPLACED) {
    await run(`INSERT INTO ${undo} (${columns}) SELECT ${columns} FROM ${table}`);
    await run(`DELETE FROM ${table}`);
    await run(`INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${candidate}.${table}`);
  }
  await connection.query(PUT_SWITCH, [id, position, added, removed, changed]);
  return { added, removed, changed };
};

/** Letters of both sides keep their numbers, so that pages that are being read go on; new ones come after all of them. */
const switchLetters = async (run: (sql: string) => Promise<number>, candidate: string): Promise<void> => {
  const columns = list(LETTER_COLUMNS);
  await run(`INSERT INTO sluice_undo_letters (seq, ${columns}) SELECT seq, ${columns} FROM dead_letters`);
  const matching = `FROM dead_letters AS live
    LEFT JOIN ${candidate}.dead_letters AS candidate ON candidate.id_hash = live.id_hash`;
  await run(`DELETE live ${matching} WHERE candidate.id_hash IS NULL`);
  await run(`UPDATE dead_letters AS live JOIN ${candidate}.dead_letters AS candidate ON candidate.id_hash = live.id_hash
    SET ${assign(LETTER_COLUMNS, "candidate")}`);
  await run(`INSERT INTO dead_letters (${columns})
    SELECT ${list(LETTER_COLUMNS, "candidate")}
    FROM ${candidate}.dead_letters AS candidate
      LEFT JOIN sluice_undo_letters AS kept ON kept.id_hash = candidate.id_hash
    WHERE kept.id_hash IS NULL ORDER BY candidate.seq`);
};

/** @returns false when it is not the last switch */
export const rollBack = async (connection: Connection, id: string, consumer: string): Promise<boolean> => {
  await lockCursor(connection, consumer);
  const last = await readSwitch(connection);
  if (last?.id !== id) return false;

  const theirs = await readTheirColumns(connection);
  for (const sql of [
    `DELETE live FROM sluice_undo_added AS kept STRAIGHT_JOIN data AS live ON live.event_id = kept.event_id`,
    // One that the log has given since then after all.
    `DELETE live FROM sluice_undo_data AS kept STRAIGHT_JOIN data AS live ON live.event_id = kept.event_id
     WHERE kept.removed`,
    `UPDATE sluice_undo_data AS kept
       STRAIGHT_JOIN data AS live ON live.id = kept.id AND live.event_id = kept.event_id
     SET ${assign(DATA_COLUMNS, "kept")} WHERE NOT kept.removed`,
    `INSERT INTO data (id, ${[...DATA_COLUMNS, ...theirs.names].join(", ")})
     SELECT id, ${[...DATA_COLUMNS, ...theirs.restored].join(", ")} FROM sluice_undo_data WHERE removed`,
  ]) {
    await connection.query(sql);
  }
  const back = [
    { table: "dead_letters", undo: "sluice_undo_letters", columns: list(["seq", ...LETTER_COLUMNS]) },
    ...REPLACED,
  ];
  for (const { table, undo, columns } of back) {
    await connection.query(`DELETE FROM ${table}`);
    await connection.query(`INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${undo}`);
  }
  await connection.query(
    "INSERT INTO cursors (consumer, position) VALUES (?, ?) ON DUPLICATE KEY UPDATE position = VALUES(position)",
    [consumer, last.position],
  );
  await forgetSwitch(connection);
  return true;
};

const forgetSwitch = async (connection: Connection): Promise<void> => {
  for (const table of ["sluice_switch", ...UNDO_TABLES]) await connection.query(`DELETE FROM ${table}`);
};
