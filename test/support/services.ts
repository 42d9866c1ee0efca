import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";

/**
 * Whether a test that needs the service can go on. If not it is skipped, with a reason that names the service; with
 * SLUICE_REQUIRE_SERVICES=1 it fails instead, so that a machine that should have everything cannot skip quietly.
 */
export const requireService = (t: Pick<TestContext, "skip">, name: string, available: boolean): boolean => {
  if (available) return true;
  if (process.env.SLUICE_REQUIRE_SERVICES === "1") throw new Error(`${name} is required and missing`);
  t.skip(`${name} is missing`);
  return false;
};

const SYSTEM_PATHS = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"];

/** Path of an executable on PATH or where packages put servers; null when there is none. */
export const findProgram = (name: string): string | null => {
  for (const directory of [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_PATHS]) {
    if (directory === "") continue;
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  return null;
};
