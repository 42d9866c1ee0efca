/** What the tests of PostgreSQL's rebuild start from: a live projection and a candidate, each with its history. */
import type { TestContext } from "node:test";
import { type PostgresProjectionOptions, PostgresProjectionRebuild } from "@sluice/adapter-postgres";
import type { DataRow } from "@sluice/domain";
import { applyAll, series } from "../conformance/projection-rebuild-support.ts";
import { inPostgres, postgresUrl } from "../support/postgres.ts";
import { makeProjection } from "./projection.ts";

type Options = Partial<PostgresProjectionOptions>;

export const makeRebuild = async (t: TestContext) => {
  const projection = await makeProjection(t);
  const { schema } = projection;
  const rebuilds: PostgresProjectionRebuild[] = [];
  t.after(async () => {
    for (const rebuild of rebuilds) await rebuild.stop();
    await inPostgres("public", `SET client_min_messages = warning; DROP SCHEMA IF EXISTS ${schema}_rebuild CASCADE`);
  });
  const openRebuild = async (options: Options = {}): Promise<PostgresProjectionRebuild> => {
    const rebuild = new PostgresProjectionRebuild({ url: postgresUrl, schema, ...options });
    rebuilds.push(rebuild);
    await rebuild.start();
    return rebuild;
  };
  return {
    ...projection,
    candidateSchema: `${schema}_rebuild`,
    openRebuild,
    /** Both at position 1; the rebuild is `one`. */
    openSides: async (damaged: readonly DataRow[], right: readonly DataRow[], options: Options = {}) => {
      const live = await projection.open();
      const rebuild = await openRebuild(options);
      const candidate = await rebuild.candidate("one");
      await applyAll(live, series([{ rows: damaged }]));
      await applyAll(candidate, series([{ rows: right }]));
      return { live, rebuild, candidate };
    },
  };
};
