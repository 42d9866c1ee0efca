/** A gateway that is expected not to start. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const MAIN = join(import.meta.dirname, "../../packages/app/src/main.ts");

/** @returns what it says; its exit code is that of a failed start */
export const failedStart = (env: Readonly<Record<string, string>>): string => {
  const { PATH = "", HOME = "" } = process.env;
  const { status, stderr } = spawnSync(process.execPath, [MAIN, "start"], {
    encoding: "utf8",
    timeout: 30_000,
    env: { PATH, HOME, ADMIN_PORT: "0", EMBEDDED_BROKER_PORT: "0", ...env },
  });
  assert.equal(status, 1, stderr);
  return stderr;
};
