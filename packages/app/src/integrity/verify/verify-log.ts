/**
 * Checks a log against its seals, and both against signed checkpoints.
 *
 * The seals say which event it is that has changed, but whoever can change the log can change them as well. A
 * checkpoint that was kept elsewhere cannot be: what it does not agree with has changed, whatever the seals say.
 */
import type { Configuration } from "@sluice/contracts";
import {
  type EventStore,
  type SealHead,
  type SealStore,
  sameHash,
  TILE_LEAVES,
  tileOf,
  toBase64,
} from "@sluice/domain";
import { UnreadableEvent } from "../read-events.ts";
import { fullTiles, rootAt } from "../tree-root.ts";
import {
  type CheckedCheckpoint,
  checkCheckpoint,
  type KeyOf,
  leavesOfLog,
  type ParsedCheckpoint,
  parseGiven,
  rootsAt,
  rootsOfSeals,
} from "./check-checkpoints.ts";
import { checkRuns } from "./check-runs.ts";
import { type OpenLog, openLog } from "./open-log.ts";
import type { Problem } from "./problem.ts";

export interface VerifyRequest {
  readonly configuration: Configuration;
  /** Positions, both inclusive; what is checked are the whole tiles that have them. */
  readonly from?: string;
  readonly to?: string;
  readonly checkpoints: readonly ParsedCheckpoint[];
  /** The key that a checkpoint of that origin must be signed with. */
  readonly keyOf: KeyOf;
  /** Of how many events it will look at, and how many it has looked at since the last time. */
  readonly onStart?: (events: number) => void;
  readonly onProgress?: (events: number) => void;
  /** That check at the same time; as many as there are cores by default, fewer for a small log. */
  readonly threads?: number;
}

export interface VerifyReport {
  readonly ok: boolean;
  /** Events looked at. */
  readonly verified: number;
  /** Events that are sealed. */
  readonly size: number;
  /** Events of the log that came after. */
  readonly unsealed: number;
  /** Of all that is sealed; null without seals. */
  readonly root: string | null;
  readonly problem: Problem | null;
  readonly checkpoints: readonly CheckedCheckpoint[];
}

export class NothingToVerify extends Error {
  override readonly name = "NothingToVerify";
}

/** @throws NoLog, NothingToVerify, RangeError for a position that is none, EventStoreUnavailable */
export const verifyLog = async (request: VerifyRequest): Promise<VerifyReport> => {
  await using log = await openLog(request.configuration);
  const head = (await log.seals?.head()) ?? null;
  if (log.seals === null || head === null || head.size === 0) return await verifyWithoutSeals(log.store, request);
  return await verifySealed(log, log.seals, head, request);
};

const verifySealed = async (
  log: OpenLog,
  seals: SealStore,
  head: SealHead,
  { configuration, from, to, checkpoints, keyOf, threads, onStart = () => {}, onProgress = () => {} }: VerifyRequest,
): Promise<VerifyReport> => {
  const { store } = log;
  const { size } = head;
  const tiles = Math.ceil(size / TILE_LEAVES);
  const first = from === undefined ? 0 : await tileWith(from, store, seals, tiles);
  const end = to === undefined ? tiles : (await tileWith(to, store, seals, tiles)) + 1;
  if (first >= end) throw new RangeError("--from is after --to");
  onStart(Math.min(end * TILE_LEAVES, size) - first * TILE_LEAVES);
  let verified = 0;
  const problem = await checkRuns({
    first,
    end,
    size,
    configuration,
    log,
    ...(threads === undefined ? {} : { threads }),
    onProgress: (events) => {
      verified += events;
      onProgress(events);
    },
  });
  const roots = await seals.roots(tileOf(size));
  const kept = await keptCheckpoints(seals);
  const all = [...kept, ...checkpoints];
  const sizes = all.map(({ checkpoint }) => checkpoint.size);
  const found = await rootsOfSeals(sizes, { seals, store, head, roots });
  const checked = all.map((given) => checkCheckpoint(given, keyOf, found));
  const broken = problem ?? (await brokenTree(seals, head, roots));
  return {
    ok: broken === null && checked.every(({ fault }) => fault === null),
    verified,
    size,
    unsealed: await store.countAfter(head.position),
    root: broken?.kind === "seals" ? null : toBase64(await rootAt(seals, roots, size)),
    problem: broken,
    checkpoints: checked,
  };
};

/** The tile that has a position, or the first one after it. @throws RangeError */
const tileWith = async (position: string, store: EventStore, seals: SealStore, tiles: number): Promise<number> => {
  store.compare(position, position);
  let [low, high] = [0, tiles - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    const [tile] = await seals.tiles(middle, 1);
    if (tile === undefined || store.compare(position, tile.lastPosition) <= 0) high = middle;
    else low = middle + 1;
  }
  return low;
};

const PAGE = 1_000;

const keptCheckpoints = async (seals: SealStore): Promise<ParsedCheckpoint[]> => {
  const parsed: ParsedCheckpoint[] = [];
  for (let before: number | undefined; ; ) {
    const page = await seals.checkpoints({ limit: PAGE, ...(before === undefined ? {} : { before }) });
    for (const { number, note } of page) parsed.push(parseGiven({ source: `seals.db, number ${number}`, note }));
    if (page.length < PAGE) return parsed.reverse();
    before = page.at(-1)?.number;
  }
};

const brokenTree = async (seals: SealStore, head: SealHead, roots: Uint8Array): Promise<Problem | null> => {
  const full = head.size - (head.size % TILE_LEAVES);
  const fits = sameHash(fullTiles(head).root(), await rootAt(seals, roots, full));
  if (fits) return null;
  const message = "what is kept of the tree was changed: the roots of its tiles do not fit its head";
  return { kind: "seals", leaf: 0, position: null, stream: null, version: null, id: null, foundId: null, message };
};

/** Only what a checkpoint covers can be said of it: which event has changed it cannot tell. */
const verifyWithoutSeals = async (
  store: EventStore,
  { checkpoints, keyOf, onStart = () => {}, onProgress = () => {} }: VerifyRequest,
): Promise<VerifyReport> => {
  if (checkpoints.length === 0) {
    throw new NothingToVerify("nothing of this log is sealed here, and no checkpoint was given");
  }
  const sizes = checkpoints.map(({ checkpoint }) => checkpoint.size);
  onStart(Math.max(...sizes));
  let verified = 0;
  let problem: Problem | null = null;
  const count = (events: number): void => {
    verified += events;
    onProgress(events);
  };
  let roots: ReadonlyMap<number, Uint8Array> = new Map();
  try {
    roots = await rootsAt(sizes, leavesOfLog(store, null, count));
  } catch (error) {
    if (!(error instanceof UnreadableEvent)) throw error;
    const leaf = verified + error.before.length;
    const message = `the event cannot be read: ${error.message}`;
    problem = {
      kind: "unreadable",
      leaf,
      position: null,
      stream: null,
      version: null,
      id: null,
      foundId: null,
      message,
    };
  }
  const checked = checkpoints.map((given) => checkCheckpoint(given, keyOf, roots));
  const ok = problem === null && checked.every(({ fault }) => fault === null);
  return { ok, verified, size: 0, unsealed: await store.countAfter(null), root: null, problem, checkpoints: checked };
};
