/**
 * Makes the switch, or takes it back, in a process of its own: says `begin` right before and `end` right after.
 * Arguments: adapter, location, `switch` or `back`. The rebuild is `CRASH_ID`, at `CRASH_POSITION`.
 */
import { writeSync } from "node:fs";
import { projectionRebuildAdapters } from "./projection-rebuild-adapters.ts";
import { CRASH_ID, CRASH_POSITION } from "./projection-rebuild-crash.ts";
import { order } from "./projection-rebuild-support.ts";
import { CONSUMER } from "./projection-store-support.ts";

const [, , name, location = "", what] = process.argv;
const adapter = projectionRebuildAdapters.find((one) => one.name === name);
if (!adapter) throw new Error(`no adapter ${name}`);
const rebuild = adapter.open(location, Date);
await rebuild.start();
await rebuild.candidate(CRASH_ID);
writeSync(1, "begin\n");
if (what === "switch") await rebuild.switchOver(order(CRASH_ID, CRASH_POSITION));
else await rebuild.rollBack(CRASH_ID, CONSUMER);
writeSync(1, "end\n");
await rebuild.stop();
