/** DATA_DIR: made when missing, and held by one gateway at a time. */

import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";

export class DataDirectoryInUse extends Error {
  override readonly name = "DataDirectoryInUse";
}

/**
 * An exclusive lock that the operating system lets go of when the process ends, however it ends. SQLite's file lock is
 * used because Node has no flock of its own.
 * @throws DataDirectoryInUse
 */
export const lockDataDirectory = async (dataDir: string, lockFile: string): Promise<{ release(): void }> => {
  await mkdir(dataDir, { recursive: true, mode: 0o750 });
  const database = new DatabaseSync(lockFile, { timeout: 0 });
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    throw new DataDirectoryInUse(`another gateway uses ${dataDir}`, { cause: error });
  }
  return { release: () => database.close() };
};

/** The configured token, or one that is generated once and kept readable by the owner only. */
export const adminToken = async (
  configured: string | undefined,
  file: string,
): Promise<{ token: string; source: "configured" | "file" | "generated" }> => {
  if (configured !== undefined) return { token: configured, source: "configured" };
  const kept = await readFile(file, "utf8").catch(() => "");
  if (kept.trim().length > 0) {
    await chmod(file, 0o600);
    return { token: kept.trim(), source: "file" };
  }
  const token = randomBytes(32).toString("base64url");
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  return { token, source: "generated" };
};

export interface RuntimeInfo {
  readonly pid: number;
  readonly adminUrl: string;
  /** Of the first broker, without credentials. */
  readonly brokerUrl: string;
  /** The brokers are those in `mqtt_servers`, with credentials of their own. */
  readonly brokersOfTable: boolean;
  readonly startedAt: string;
}

/** Tells the command line where the running gateway is. Replaced in one step, so that no reader sees half of it. */
export const writeRuntimeInfo = async (file: string, info: RuntimeInfo): Promise<void> => {
  await writeFile(`${file}.new`, `${JSON.stringify(info, null, 2)}\n`);
  await rename(`${file}.new`, file);
};

export const removeRuntimeInfo = (file: string): Promise<void> => rm(file, { force: true });
