/** Checks of the machine: runtime, directory, space, and how long the disk takes to make a write durable. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { open, rm, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Configuration } from "@sluice/contracts";
import { locationsOf } from "../../composition/locations.ts";
import { whyUnreadable } from "../../config/rules.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** The first with everything that is used: TypeScript, SQLite, and UUIDs of version 7. */
const NODE_MAJOR = 26;
const GIB = 1024 ** 3;
const LEAST_FREE_BYTES = GIB;
const LEAST_FREE_SHARE = 0.05;
const FSYNCS = 16;
/** A group commit waits for one; beyond this, ingest at QoS 1 is slow for a broker that sends 20 in flight. */
const SLOW_FSYNC_MS = 20;

export const checkNode = (): Finding => {
  const major = Number(process.versions.node.split(".", 1)[0]);
  if (major >= NODE_MAJOR) return ok("Node.js", process.version);
  return fail(
    "Node.js",
    `${process.version} is too old`,
    `start it by \`npx -y pnpm@12.21.0 sluice …\`, which brings ${NODE_MAJOR}`,
  );
};

const nearestExisting = (directory: string): string =>
  existsSync(directory) || dirname(directory) === directory ? directory : nearestExisting(dirname(directory));

/** The directory itself, or the nearest above it when it has not been made yet. */
export const checkDataDirectory = async (configuration: Configuration): Promise<readonly Finding[]> => {
  const { dataDir } = locationsOf(configuration);
  const place = nearestExisting(dataDir);
  const notYet = place === dataDir ? "" : ` (not made yet; ${place} is checked)`;
  const probe = join(place, `.sluice-doctor-${randomBytes(6).toString("hex")}`);
  try {
    const times = await timeFsyncs(probe);
    return [ok("DATA_DIR", `${dataDir} can be written${notYet}`), await checkSpace(place), judgeFsyncs(times)];
  } catch (error) {
    const hint = "make it writable for this user, or choose another DATA_DIR";
    return [fail("DATA_DIR", `${dataDir} cannot be written: ${whyUnreadable(error)}`, hint)];
  } finally {
    await rm(probe, { force: true }).catch(() => {});
  }
};

/** Milliseconds of each. */
const timeFsyncs = async (file: string): Promise<readonly number[]> => {
  const handle = await open(file, "w");
  try {
    const block = Buffer.alloc(4096, 1);
    const times: number[] = [];
    for (let index = 0; index < FSYNCS; index++) {
      const started = performance.now();
      await handle.write(block);
      await handle.datasync();
      times.push(performance.now() - started);
    }
    return times.sort((a, b) => a - b);
  } finally {
    await handle.close();
  }
};

const judgeFsyncs = (times: readonly number[]): Finding => {
  const median = times[times.length >> 1] as number;
  const most = times.at(-1) as number;
  const text = `${median.toFixed(2)} ms to make 4 KiB durable (median of ${times.length}; the longest ${most.toFixed(2)} ms)`;
  if (median <= SLOW_FSYNC_MS) return ok("disk", text);
  return warn(
    "disk",
    text,
    "a PUBACK waits at least as long: an SSD, or a volume that is not on the network, is faster",
  );
};

const checkSpace = async (place: string): Promise<Finding> => {
  const { bavail, bsize, blocks } = await statfs(place);
  const free = bavail * bsize;
  const share = blocks === 0 ? 1 : bavail / blocks;
  const text = `${(free / GIB).toFixed(1)} GiB free (${Math.floor(share * 100)} %)`;
  if (free >= LEAST_FREE_BYTES && share >= LEAST_FREE_SHARE) return ok("disk space", text);
  return warn("disk space", text, "make room: with a full disk the gateway stops acknowledging messages");
};
