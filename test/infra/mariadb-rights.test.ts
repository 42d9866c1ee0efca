/** The rights with which the image makes MariaDB's database: enough for a rebuild, and on nothing else. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { MariadbProjectionRebuild } from "@sluice/adapter-mariadb";
import { parse } from "yaml";
import { mariadbOptions, withMariadb } from "../conformance/projection-store-mariadb.ts";
import { hasMariadbServer, makeMariadbServer } from "../support/mariadb-server.ts";
import { requireService } from "../support/services.ts";

const infra = join(import.meta.dirname, "../../infra");
const compose: { readonly services: { readonly mariadb: Service } } = parse(
  readFileSync(join(infra, "compose.yaml"), "utf8"),
  { merge: true },
);

interface Service {
  readonly environment: { readonly MARIADB_DATABASE: string; readonly MARIADB_USER: string };
  readonly volumes: readonly string[];
}

it("MariaDB's container lets a rebuild work", async (t) => {
  if (!requireService(t, "MariaDB server program", hasMariadbServer)) return;
  const { environment, volumes } = compose.services.mariadb;
  const [scripts] = volumes.flatMap((volume) => /^(\.\/.+):\/docker-entrypoint-initdb\.d:ro$/.exec(volume)?.[1] ?? []);
  const directory = join(infra, scripts as string);
  const server = await makeMariadbServer([]);
  t.after(() => server.remove());
  await server.start();
  const { MARIADB_DATABASE: database, MARIADB_USER: user } = environment;
  await withMariadb(server.url, async (connection) => {
    // As the image's entrypoint does, before it runs the scripts in the database.
    await connection.query(`CREATE DATABASE \`${database}\``);
    await connection.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'secret'`);
    await connection.query(`GRANT ALL ON \`${database.replaceAll("_", "\\_")}\`.* TO '${user}'@'%'`);
    for (const script of readdirSync(directory).sort()) {
      for (const sql of readFileSync(join(directory, script), "utf8").split(/;\n(?=.)/)) await connection.query(sql);
    }
    await connection.query("CREATE DATABASE sluiceXrebuild");
  });

  const options = { ...mariadbOptions(server.url), user, password: "secret", database };
  const rebuild = new MariadbProjectionRebuild(options);
  t.after(() => rebuild.stop());
  await rebuild.start();
  const candidate = await rebuild.candidate("one");
  assert.equal(await candidate.cursor("projection"), null);
  await rebuild.drop();
  await assert.rejects(new MariadbProjectionRebuild({ ...options, database: "sluiceXrebuild" }).start());
});
