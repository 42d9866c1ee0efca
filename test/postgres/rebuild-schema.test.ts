/** The candidate's schema: whose it is, and who may make it. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { RebuildImpossible } from "@sluice/domain";
import { applyAll, order, rowsFrom, series } from "../conformance/projection-rebuild-support.ts";
import { readData } from "../conformance/projection-store-support.ts";
import { inPostgres, postgresUnavailable, postgresUrl } from "../support/postgres.ts";
import { makeRebuild } from "./rebuild.ts";

type Made = Awaited<ReturnType<typeof makeRebuild>>;

/** What the administrator is told to run. */
const refusal = async (work: Promise<unknown>): Promise<string> => {
  let message = "";
  await assert.rejects(work, (error) => {
    message = (error as Error).message;
    return error instanceof RebuildImpossible;
  });
  return message;
};

/** A role that owns the live schema and may make no other. */
const asRole = async (t: TestContext, made: Made) => {
  const role = `${made.schema}_role`;
  await inPostgres("public", `CREATE ROLE ${role} LOGIN; CREATE SCHEMA ${made.schema} AUTHORIZATION ${role}`);
  t.after(() => inPostgres("public", `DROP OWNED BY ${role}; DROP ROLE ${role}`));
  const url = new URL(postgresUrl);
  url.username = role;
  return { role, url: url.href };
};

const schemasLike = (name: string) =>
  inPostgres("public", `SELECT nspname FROM pg_namespace WHERE nspname = '${name}'`);

describe("postgres rebuild: its schema", { skip: (await postgresUnavailable()) ?? false, concurrency: true }, () => {
  test("says what to grant where the role may not make it, and goes on once it is granted", async (t) => {
    const made = await makeRebuild(t);
    const { role, url } = await asRole(t, made);
    const rebuild = await made.openRebuild({ url });
    const message = await refusal(rebuild.candidate("one"));
    const grant = /GRANT CREATE ON DATABASE \S+ TO \w+/.exec(message)?.[0] ?? "";
    assert.ok(grant.endsWith(role), message);
    assert.deepEqual(await schemasLike(made.candidateSchema), []);
    await inPostgres("public", grant);
    await rebuild.candidate("one");
    await rebuild.drop();
    assert.deepEqual(await schemasLike(made.candidateSchema), []);
  });

  test("uses a schema that an administrator made, and leaves it for the next time", async (t) => {
    const made = await makeRebuild(t);
    const { url } = await asRole(t, made);
    const rebuild = await made.openRebuild({ url });
    const create = /CREATE SCHEMA \w+ AUTHORIZATION \w+/.exec(await refusal(rebuild.candidate("one")))?.[0];
    assert.ok(create);
    await inPostgres("public", create);
    const live = await made.open({ url });
    for (const id of ["one", "two"]) {
      const candidate = await rebuild.candidate(id);
      await applyAll(candidate, series([{ rows: rowsFrom(0, 3) }]));
      if (id === "two") {
        await applyAll(live, series([{}]));
        assert.deepEqual(await rebuild.switchOver(order(id, 1)), { added: 3, removed: 0, changed: 0 });
      }
      await rebuild.drop();
      const left = await made.query(
        `SELECT FROM pg_class WHERE relnamespace = '${made.candidateSchema}'::regnamespace`,
      );
      assert.equal(left.length, 0);
      assert.equal((await schemasLike(made.candidateSchema)).length, 1);
    }
    assert.equal((await readData(live)).length, 3);
  });

  test("says what to grant where the schema is there and may not be used", async (t) => {
    const made = await makeRebuild(t);
    const { url } = await asRole(t, made);
    const rebuild = await made.openRebuild({ url });
    await inPostgres("public", `CREATE SCHEMA ${made.candidateSchema}`);
    const grant = /GRANT CREATE, USAGE ON SCHEMA \w+ TO \w+/.exec(await refusal(rebuild.candidate("one")))?.[0];
    assert.ok(grant);
    await inPostgres("public", grant);
    await rebuild.candidate("one");
    await rebuild.drop();
    assert.equal((await schemasLike(made.candidateSchema)).length, 1, "it is the administrator's");
  });

  test("says what to grant on the live side, where migrations were another's work", async (t) => {
    const made = await makeRebuild(t);
    const { role, url } = await asRole(t, made);
    const rebuild = await made.openRebuild({ url });
    await inPostgres(
      "public",
      `ALTER SCHEMA ${made.schema} OWNER TO postgres; GRANT USAGE ON SCHEMA ${made.schema} TO ${role}`,
    );
    const keep = /GRANT CREATE ON SCHEMA \w+ TO \w+/.exec(await refusal(rebuild.candidate("one")))?.[0];
    assert.ok(keep);
    await inPostgres("public", `${keep}; ALTER TABLE ${made.schema}.data OWNER TO postgres`);
    const change = /GRANT SELECT, INSERT, UPDATE, DELETE ON \S+ TO \w+/.exec(
      await refusal(rebuild.candidate("one")),
    )?.[0];
    assert.ok(change);
    await inPostgres("public", change);
    assert.match(await refusal(rebuild.candidate("one")), /GRANT CREATE ON DATABASE/);
  });

  test("leaves a schema of that name alone that is somebody else's, or another projection's", async (t) => {
    const made = await makeRebuild(t);
    const { candidateSchema } = made;
    const rebuild = await made.openRebuild();
    await made.query(`CREATE SCHEMA ${candidateSchema}; CREATE TABLE ${candidateSchema}.data (mine text)`);
    assert.match(await refusal(rebuild.candidate("one")), /data.*left as it is/);
    await rebuild.drop();
    await made.query(`SELECT mine FROM ${candidateSchema}.data`);

    await made.query(`DROP TABLE ${candidateSchema}.data; CREATE FUNCTION ${candidateSchema}.theirs() RETURNS int
      LANGUAGE sql AS 'SELECT 1'`);
    assert.match(await refusal(rebuild.candidate("one")), /theirs/);

    await made.query(
      `DROP FUNCTION ${candidateSchema}.theirs; CREATE TABLE ${candidateSchema}.sluice_rebuild (what int)`,
    );
    assert.match(await refusal(rebuild.candidate("one")), /sluice_rebuild.*left as it is/);
    await made.query(`DROP TABLE ${candidateSchema}.sluice_rebuild; DROP SCHEMA ${candidateSchema}`);

    await rebuild.candidate("one");
    await rebuild.stop();
    await made.query(`UPDATE ${candidateSchema}.sluice_rebuild SET live = 'another'`);
    const again = await made.openRebuild();
    assert.match(await refusal(again.candidate("one")), /not Sluice's or not of the projection/);
    await again.drop();
    await made.query(`SELECT FROM ${candidateSchema}.data`);
  });

  test("drops what is its own, and nothing that others have made in it or of it", async (t) => {
    const made = await makeRebuild(t);
    const { candidateSchema } = made;
    const rebuild = await made.openRebuild();
    await rebuild.candidate("one");
    await made.query(`CREATE VIEW comparing AS SELECT count(*) FROM ${candidateSchema}.data`);
    assert.match(await refusal(rebuild.drop()), /comparing/);
    await made.query("SELECT * FROM comparing");
    await made.query(`DROP VIEW comparing; CREATE TABLE ${candidateSchema}.theirs (what text)`);
    await rebuild.drop();
    assert.deepEqual(
      await made.query(`SELECT relname FROM pg_class
        WHERE relnamespace = '${candidateSchema}'::regnamespace AND relkind = 'r'`),
      [{ relname: "theirs" }],
    );
    assert.match(await refusal(rebuild.candidate("one")), /theirs/);
    await made.query(`DROP TABLE ${candidateSchema}.theirs`);
    await rebuild.candidate("one");
  });

  test("has a place beside a schema with the longest name", async (t) => {
    const made = await makeRebuild(t);
    const longest = `${made.schema}_${"x".repeat(39 - made.schema.length)}`;
    t.after(() =>
      made.query(`DROP SCHEMA IF EXISTS ${longest}_rebuild CASCADE; DROP SCHEMA IF EXISTS ${longest} CASCADE`),
    );
    assert.equal(longest.length, 40);
    const rebuild = await made.openRebuild({ schema: longest });
    const candidate = await rebuild.candidate("one");
    await applyAll(candidate, series([{ rows: rowsFrom(0, 3) }]));
    assert.equal((await rebuild.rows("candidate", { upTo: "9", after: null, limit: 9, receivedFrom: null })).length, 3);
    assert.equal((await schemasLike(`${longest}_rebuild`)).length, 1);
    await rebuild.drop();
  });
});
