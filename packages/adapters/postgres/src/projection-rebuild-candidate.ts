/**
 * The schema that a candidate has to itself: `<live schema>_rebuild`. The table `sluice_rebuild` in it says whose it is.
 * An administrator may have made the schema; it is left then, empty, when the candidate goes.
 */
import { RebuildImpossible } from "@sluice/domain";
import type { PoolClient } from "pg";
import { sqlState } from "./connection.ts";
import { DATA_COLUMNS } from "./projection-rebuild-tables.ts";

export interface Schemas {
  readonly live: string;
  readonly candidate: string;
}

interface Found {
  /** As SQL names them. */
  readonly role: string;
  readonly database: string;
  readonly mayMakeSchemas: boolean;
  readonly mayKeep: boolean;
  readonly mayRepair: boolean;
  readonly exists: boolean;
  readonly mayUse: boolean | null;
  readonly owns: boolean | null;
  readonly isMarked: boolean;
}

const LOOK = `SELECT quote_ident(current_user) AS role, quote_ident(current_database()) AS database,
    has_database_privilege(current_database(), 'CREATE') AS "mayMakeSchemas",
    has_schema_privilege($1, 'CREATE') AS "mayKeep",
    has_table_privilege($1 || '.data', 'SELECT') AND has_table_privilege($1 || '.data', 'INSERT')
      AND has_table_privilege($1 || '.data', 'UPDATE') AND has_table_privilege($1 || '.data', 'DELETE') AS "mayRepair",
    n.oid IS NOT NULL AS exists,
    has_schema_privilege(n.oid, 'CREATE') AND has_schema_privilege(n.oid, 'USAGE') AS "mayUse",
    pg_has_role(n.nspowner, 'USAGE') AS owns,
    (SELECT count(*) = 2 FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
      WHERE c.relnamespace = n.oid AND c.relname = 'sluice_rebuild' AND a.attname IN ('live', 'id')) AS "isMarked"
  FROM (VALUES (1)) AS one LEFT JOIN pg_namespace AS n ON n.nspname = $2`;

const look = async (client: PoolClient, { live, candidate }: Schemas): Promise<Found> => {
  const { rows } = await client.query<Found>(LOOK, [live, candidate]);
  return rows[0] as Found;
};

/** Of the rebuild whose candidate is there; null where it is none of this projection's. */
const rebuildIn = async (client: PoolClient, { live, candidate }: Schemas, found: Found): Promise<string | null> => {
  if (!found.isMarked || !found.mayUse) return null;
  const { rows } = await client.query<{ id: string }>(`SELECT id FROM ${candidate}.sluice_rebuild WHERE live = $1`, [
    live,
  ]);
  return rows[0]?.id ?? null;
};

/** What is in the schema, as SQL names it; at most a few. */
const CONTENTS = `SELECT pg_describe_object(classid, objid, objsubid) AS name FROM pg_depend
  WHERE refclassid = 'pg_namespace'::regclass AND refobjid = to_regnamespace($1) AND deptype = 'n'
  ORDER BY 1 LIMIT 5`;

const contentsOf = async (client: PoolClient, schema: string): Promise<readonly string[]> =>
  (await client.query<{ name: string }>(CONTENTS, [schema])).rows.map(({ name }) => name);

const TABLES = `SELECT string_agg(c.oid::regclass::text, ', ') AS tables FROM pg_class AS c
  WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND (c.relname IN ('data', 'flows', 'mqtt_servers') OR c.relname LIKE 'sluice\\_%')`;

/** Not what others have put there, nor with what hangs on it. */
const dropTables = async (client: PoolClient, schema: string): Promise<void> => {
  const { rows } = await client.query<{ tables: string | null }>(TABLES, [schema]);
  const tables = rows[0]?.tables ?? null;
  if (tables !== null) await client.query(`DROP TABLE ${tables}`);
};

/**
 * Whether the schema is the rebuild's by then: within a transaction of the caller's.
 * @throws RebuildImpossible, or the server's error
 */
export const prepareSchema = (client: PoolClient, schemas: Schemas, id: string): Promise<void> =>
  explained(schemas, async () => {
    const { live, candidate } = schemas;
    const found = await look(client, schemas);
    const { role, database } = found;
    if (!found.mayKeep) {
      throw new RebuildImpossible(
        `what a switch replaces is kept in schema ${live}, where ${role} may make no tables: an administrator has to ` +
          `run GRANT CREATE ON SCHEMA ${live} TO ${role}`,
      );
    }
    if (!found.mayRepair) {
      throw new RebuildImpossible(
        `${role} may not change the table ${live}.data: an administrator has to run ` +
          `GRANT SELECT, INSERT, UPDATE, DELETE ON ${live}.data TO ${role}`,
      );
    }
    if (!found.exists) {
      if (!found.mayMakeSchemas) {
        throw new RebuildImpossible(
          `the projection is made anew in a schema ${candidate}, which ${role} may not make: an administrator has to ` +
            `run GRANT CREATE ON DATABASE ${database} TO ${role}, or once CREATE SCHEMA ${candidate} AUTHORIZATION ${role}`,
        );
      }
      await client.query(`CREATE SCHEMA ${candidate}`);
    } else {
      const there = await rebuildIn(client, schemas, found);
      if (there === id) return;
      if (there !== null) await dropTables(client, candidate);
      const contents = await contentsOf(client, candidate);
      if (contents.length > 0) {
        throw new RebuildImpossible(
          `the projection is made anew in a schema ${candidate}; there is one, and what is in it is not Sluice's or not ` +
            `of the projection in ${live} (${contents.join(", ")}). It was left as it is: move it away, or drop it`,
        );
      }
      if (!found.mayUse) {
        throw new RebuildImpossible(
          `${role} may make no tables in schema ${candidate}: an administrator has to run ` +
            `GRANT CREATE, USAGE ON SCHEMA ${candidate} TO ${role}`,
        );
      }
    }
    await client.query(
      `CREATE TABLE ${candidate}.sluice_rebuild (live text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL)`,
    );
    await client.query(`INSERT INTO ${candidate}.sluice_rebuild (live, id) VALUES ($1, $2)`, [live, id]);
  });

const CHECKS = `SELECT format('ADD CONSTRAINT %I CHECK (%s)', c.conname, pg_get_expr(c.conbin, c.conrelid)) AS addition
  FROM pg_constraint AS c
  WHERE c.conrelid = to_regclass($1) AND c.contype = 'c' AND c.convalidated
    AND NOT EXISTS (SELECT FROM pg_attribute AS a
      WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) AND a.attname <> ALL ($3::text[]))
    AND NOT EXISTS (SELECT FROM pg_constraint AS t WHERE t.conrelid = to_regclass($2) AND t.conname = c.conname)`;

/**
 * Rows that a check of somebody's refuses are dead on the live side: so they are on the other. A check that rows of before
 * it need not pass (NOT VALID) is not taken over, nor one of columns that the candidate lacks.
 */
export const copyChecks = (client: PoolClient, schemas: Schemas): Promise<void> =>
  explained(schemas, async () => {
    const { live, candidate } = schemas;
    const { rows: begun } = await client.query(`SELECT FROM ${candidate}.data LIMIT 1`);
    if (begun.length > 0) return;
    const values = [`${live}.data`, `${candidate}.data`, DATA_COLUMNS];
    const { rows } = await client.query<{ addition: string }>(CHECKS, values);
    if (rows.length === 0) return;
    await client.query(`ALTER TABLE ${candidate}.data ${rows.map(({ addition }) => addition).join(", ")}`);
  });

/** Within a transaction of the caller's. @throws RebuildImpossible, or the server's error */
export const dropSchema = (client: PoolClient, schemas: Schemas): Promise<void> =>
  explained(schemas, async () => {
    const { candidate } = schemas;
    const found = await look(client, schemas);
    if ((await rebuildIn(client, schemas, found)) === null) return;
    await dropTables(client, candidate);
    // One that this role could not make again is left for the next candidate.
    if (!found.owns || !found.mayMakeSchemas) return;
    if ((await contentsOf(client, candidate)).length === 0) await client.query(`DROP SCHEMA ${candidate}`);
  });

/** insufficient_privilege; what a check names and the candidate's table lacks; dependent_objects_still_exist */
const FOR_AN_ADMINISTRATOR: ReadonlySet<string | null> = new Set(["42501", "42703", "42883", "42P16", "2BP01"]);

const explained = async (schemas: Schemas, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (!FOR_AN_ADMINISTRATOR.has(sqlState(error))) throw error;
    const { message, detail } = error as Error & { readonly detail?: string };
    throw new RebuildImpossible(
      `schema ${schemas.candidate}: ${message}${detail === undefined ? "" : ` (${detail})`}`,
      {
        cause: error,
      },
    );
  }
};

/** The candidate's cursor; null where it has none, or where the candidate is not of this rebuild. */
export const candidateCursor = async (
  client: PoolClient,
  schemas: Schemas,
  id: string,
  consumer: string,
): Promise<string | null> => {
  const found = await look(client, schemas);
  if ((await rebuildIn(client, schemas, found)) !== id) return null;
  const { rows } = await client.query<{ position: string }>(
    `SELECT position FROM ${schemas.candidate}.sluice_cursors WHERE consumer = $1 FOR UPDATE`,
    [consumer],
  );
  return rows[0]?.position ?? null;
};
