/** A rebuild that does what each line on stdin says, one after the other, and says on stdout what came of it. */
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { SqliteProjectionRebuild } from "@sluice/adapter-sqlite";
import { ProjectionUnavailable } from "@sluice/domain";
import { order } from "../conformance/projection-rebuild-support.ts";
import { CONSUMER } from "../conformance/projection-store-support.ts";

// A write beyond the limit fails instead of ending the process.
process.on("SIGXFSZ", () => undefined);

const [, , path = ""] = process.argv;
const rebuild = new SqliteProjectionRebuild({ path });
await rebuild.start();
await rebuild.candidate("one");

const work: Readonly<Record<string, () => Promise<string>>> = {
  switch: async () => {
    await rebuild.switchOver(order("one", 1));
    return "done";
  },
  back: async () => ((await rebuild.rollBack("one", CONSUMER)) ? "done" : "nothing"),
  switched: async () => (await rebuild.switched())?.id ?? "none",
  texts: async () => {
    const database = new DatabaseSync(path);
    const found = database.prepare("SELECT count(DISTINCT attribute_value) AS texts FROM data").get();
    database.close();
    return String(found?.texts);
  },
};

writeSync(1, "ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  const said = await work[line]?.().catch((error: unknown) => {
    if (error instanceof ProjectionUnavailable) return "unavailable";
    throw error;
  });
  writeSync(1, `${said}\n`);
}
await rebuild.stop();
