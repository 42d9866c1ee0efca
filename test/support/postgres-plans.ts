/** The statements that a store sends, and how the server answers them. */
import pg from "pg";

export interface Asked {
  readonly client: pg.Client;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Every statement with values that is sent meanwhile, and on which connection, whose settings its plan depends on. */
export const recordStatements = async (work: () => Promise<void>): Promise<readonly Asked[]> => {
  const asked: Asked[] = [];
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const [config, values] = args as [string | { text: string; values?: unknown[] }, unknown[] | undefined];
    const [text, given] = typeof config === "string" ? [config, values] : [config.text, config.values];
    if (Array.isArray(given)) asked.push({ client: this, text, values: given });
    return Reflect.apply(query, this, args);
  } as typeof query;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = query;
  }
  return asked;
};

const literal = (value: unknown): string => {
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `'{${value.map((part) => JSON.stringify(part)).join(",")}}'`;
  return pg.escapeLiteral(String(value));
};

/** The plan that the server keeps for any values, and the one for these. */
export const plansOf = async ({ client, text, values }: Asked): Promise<readonly string[]> => {
  const lines = async (sql: string): Promise<string> =>
    (await client.query<{ "QUERY PLAN": string }>(sql)).rows.map((row) => row["QUERY PLAN"]).join("\n");
  await client.query(`PREPARE asked AS ${text}`);
  try {
    const plans: string[] = [];
    for (const mode of ["force_generic_plan", "force_custom_plan"]) {
      await client.query(`SET plan_cache_mode = ${mode}`);
      const given = values.length > 0 ? `(${values.map(literal).join(", ")})` : "";
      plans.push(await lines(`EXPLAIN EXECUTE asked ${given}`));
    }
    return plans;
  } finally {
    await client.query("RESET plan_cache_mode; DEALLOCATE asked");
  }
};
