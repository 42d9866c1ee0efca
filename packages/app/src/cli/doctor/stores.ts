/** Checks of the stores. Files are opened read-only, so this is safe while a gateway uses them. */
import { existsSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { Configuration } from "@sluice/contracts";
import { locationsOf, type StoreLocation } from "../../composition/locations.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";
import { checkServer } from "./servers.ts";

const MIB = 1024 ** 2;
/** Larger files are searched for damage only when asked: it reads all of them. */
const SEARCHED_BYTES = 512 * MIB;
/** Clocks of one machine differ by no more; a larger step back was a change of the clock. */
const TOLERATED_MS = 1_000;

/** @param deep searches files of any size for damage */
export const checkStores = async (
  configuration: Configuration,
  deep: boolean,
  now: number,
): Promise<readonly Finding[]> => {
  const { events, projection, deliveries } = locationsOf(configuration);
  const [log, tables] = await Promise.all([
    inspectStore("event log", events, deep, "restore it from a backup; the log is the truth", (database) => [
      checkLog(database, now),
    ]),
    inspectStore("projection", projection, deep, REBUILT, checkTables),
  ]);
  return [...log, ...tables, ...inspect("delivery queue", deliveries, deep, REBUILT, () => [])];
};

const REBUILT = "move the file away: it is rebuilt from the event log";

const inspectStore = async (
  name: string,
  location: StoreLocation,
  ...rest: FileArguments
): Promise<readonly Finding[]> => {
  return location.kind === "sqlite" ? inspect(name, location.path, ...rest) : checkServer(name, location);
};

type FileArguments = Parameters<typeof inspect> extends [string, string, ...infer Rest] ? Rest : never;

const inspect = (
  name: string,
  path: string,
  deep: boolean,
  hint: string,
  more: (database: DatabaseSync) => readonly Finding[],
): readonly Finding[] => {
  if (!existsSync(path)) return [ok(name, `${path} is not there yet; the first start makes it`)];
  const { size } = statSync(path);
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: 2_000 });
  } catch (error) {
    return [fail(name, `${path} cannot be opened: ${(error as Error).message}`, "check who may read it")];
  }
  try {
    return [searchDamage(name, database, size, deep, hint), ...more(database)];
  } catch (error) {
    return [fail(name, `${path} cannot be read: ${(error as Error).message}`, hint)];
  } finally {
    database.close();
  }
};

const searchDamage = (name: string, database: DatabaseSync, size: number, deep: boolean, hint: string): Finding => {
  const text = `${(size / MIB).toFixed(1)} MiB`;
  if (size > SEARCHED_BYTES && !deep) {
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return ok(name, `${text}, can be read; --deep searches it for damage`);
  }
  const [first] = database.prepare("PRAGMA quick_check(1)").all() as { quick_check: string }[];
  if (first?.quick_check === "ok") return ok(name, `${text}, no damage found`);
  return fail(name, `damaged: ${first?.quick_check ?? "no answer"}`, hint);
};

/** The clock must not be behind the last event: recorded times never go back, so they would stand still until then. */
const checkLog = (database: DatabaseSync, now: number): Finding => {
  const last = database
    .prepare("SELECT position, recorded_at FROM event_log ORDER BY record_position DESC, position DESC LIMIT 1")
    .get();
  if (last === undefined) return ok("clock", "the log has no event yet");
  const ahead = Date.parse(last.recorded_at as string) - now;
  const text = `the last event is number ${last.position}, of ${last.recorded_at}`;
  if (ahead <= TOLERATED_MS) return ok("clock", text);
  return warn(
    "clock",
    `${text}, which is ${Math.round(ahead / 1_000)} s in the future`,
    "set the clock right: until then every event is recorded with that time",
  );
};

const TABLES = ["data", "flows", "mqtt_servers"];

const checkTables = (database: DatabaseSync): readonly Finding[] => {
  const present = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[];
  const missing = TABLES.filter((table) => !present.some(({ name }) => name === table));
  if (missing.length === 0) return [];
  const hint = "is PROJECTION_URL the right file? The gateway makes what is missing at its start";
  return [warn("projection", `it has no table ${missing.join(", ")}`, hint)];
};
