/**
 * Rebuilds and their rollbacks as jobs of the projector's thread, in turn with the batches of the live projection.
 *
 * A rebuild reads the log into a candidate beside the live projection, goes on after a crash where the candidate is,
 * compares the two at one place of the log, says in the log what it has found, and switches.
 */
import type { ProjectionComparison, RebuildOrder, RebuildResult } from "@sluice/contracts";
import {
  type Clock,
  type EventStore,
  type FlowRow,
  ProjectionFull,
  type ProjectionRebuild,
  type ProjectionStore,
  ProjectionUnavailable,
  RebuildImpossible,
  type SinkCounts,
  type SwitchResult,
} from "@sluice/domain";
import { ReplayImpossible } from "../replay/candidates.ts";
import { Pace } from "../replay/pace.ts";
import { NO_FIGURES, type Progress, type ReplayBook, type ReplayRecord } from "../replay/replay-book.ts";
import type { ReplayEnd, ReplayJob, ReplayLane, ReplayProgress } from "../replay/replay-runner.ts";
import { CursorBeyondLog, checkCursor } from "../sinks/cursor-check.ts";
import { PROJECTOR } from "../sinks/sink-names.ts";
import type { Turns } from "../sinks/turns.ts";
import { Candidate } from "./candidate.ts";
import { compareRows, type Marks } from "./compare-rows.ts";

export interface RebuildDependencies {
  readonly store: EventStore;
  /** The live one. */
  readonly projection: ProjectionStore;
  readonly rebuild: ProjectionRebuild;
  /** Of what writes to the live projection. */
  readonly turns: Turns;
  readonly flows: () => Iterable<FlowRow>;
  readonly clock: Clock;
  /** After so many days the live projection may lose a row; undefined: never. */
  readonly retentionDays: number | undefined;
  /** In a turn: the live projection has another content or another place now, and whoever has read it reads it again. */
  readonly onSwitch: () => void;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const COUNTS_SHOWN = 20;
/** Of the live one's lead: what can be taken in within its turn. */
const NEAR_EVENTS = 5_000;

export const rebuildLane = (dependencies: RebuildDependencies): ReplayLane => ({
  jobs: { rebuild: rebuildJob(dependencies), rollback: rollbackJob(dependencies) },
  unsaid: (book) => unsaidSwitch(dependencies, book),
  idle: () => dependencies.rebuild.drop(),
});

/** What was found is known from before the switch; cancelled since, and killed, it was nobody's to say. */
const unsaidSwitch = async ({ rebuild }: RebuildDependencies, book: ReplayBook) => {
  const switched = await rebuild.switched();
  const record = switched === null ? undefined : book.get(switched.id);
  if (switched === null || record?.state !== "cancelled" || record.comparison === null) return null;
  return { id: record.id, end: switchedEnd(record, record.comparison, switched) };
};

/** What fills a disk that the log may be on gives up, and is taken away. */
const withRoom = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ProjectionFull)) throw error;
    throw new RebuildImpossible(`there is no room for a projection beside the live one: ${error.message}`);
  }
};

const rebuildJob = (deps: RebuildDependencies): ReplayJob<"rebuild"> => ({
  resumes: true,
  run: (record, onProgress, signal) => withRoom(() => doRebuild(deps, record, onProgress, signal)),
});

const doRebuild = async (
  deps: RebuildDependencies,
  record: ReplayRecord<RebuildOrder>,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<ReplayEnd> => {
  const { rebuild } = deps;
  const { id, order, comparison: found } = record;
  const switched = await rebuild.switched();
  if (switched?.id === id && found !== null) {
    // It was killed between the switch and saying so.
    deps.onSwitch();
    return switchedEnd(record, found, switched);
  }
  const candidate = new Candidate({
    store: deps.store,
    candidate: await rebuild.candidate(id),
    flows: deps.flows(),
    counted: record.position,
    messages: record.figures.scanned,
  });
  await candidate.start(signal);
  const pace = new Pace(order.messagesPerSecond, signal);
  const comeNear = (): Promise<void> => approach(deps, candidate, pace, onProgress, signal);
  await comeNear();
  const comparison = await compare(deps, candidate, signal);
  const figures = figuresOf(candidate);
  await onProgress({ position: comparison.position, figures, comparison, atOnce: true });
  if (order.compareOnly) return ended({ figures }, { comparison, switchedOver: null });
  await comeNear();
  const switchedOver = await deps.turns.take(async () => {
    const position = await meet(deps, candidate, signal);
    signal.throwIfAborted();
    const result = await rebuild.switchOver({ id, consumer: PROJECTOR, position, receivedFrom: receivedFrom(deps) });
    deps.onSwitch();
    return result;
  });
  return switchedEnd({ figures }, comparison, switchedOver);
};

const rollbackJob = ({ rebuild, turns, onSwitch }: RebuildDependencies): ReplayJob<"rollback"> => ({
  resumes: true,
  run: async (record, onProgress, signal) => {
    const { rollbackOf } = record.order;
    const switched = await rebuild.switched();
    if (switched?.id === rollbackOf) {
      // So that, killed after it, this one knows that it has done it.
      const { position } = switched;
      await onProgress({ position, figures: NO_FIGURES, atOnce: true });
      await turns.take(async () => {
        signal.throwIfAborted();
        await rebuild.rollBack(rollbackOf, PROJECTOR);
        onSwitch();
      });
    } else if (record.position === null) {
      throw new ReplayImpossible("that switch is not the last one, or was rolled back already");
    } else {
      onSwitch();
    }
    return { figures: NO_FIGURES };
  },
});

const ended = ({ figures }: Pick<Progress, "figures">, rebuild: RebuildResult): ReplayEnd => ({ figures, rebuild });

const switchedEnd = (
  progress: Pick<Progress, "figures">,
  comparison: ProjectionComparison,
  { added, removed, changed }: SwitchResult,
): ReplayEnd => ended(progress, { comparison, switchedOver: { added, removed, changed } });

const figuresOf = ({ messages }: Candidate): Progress["figures"] => ({ ...NO_FIGURES, scanned: messages });

type OnProgress = (progress: ReplayProgress) => Promise<void>;

const compare = async (
  deps: RebuildDependencies,
  candidate: Candidate,
  signal: AbortSignal,
): Promise<ProjectionComparison> => {
  const { rebuild, turns } = deps;
  const { position, marks, counts } = await turns.take(async () => ({
    position: await meet(deps, candidate, signal),
    marks: { live: await rebuild.mark("live"), candidate: await rebuild.mark("candidate") } satisfies Marks,
    counts: differentCounts(await deps.projection.counts(), await candidate.counts()),
  }));
  const rows = await compareRows(rebuild, marks, receivedFrom(deps), signal);
  return { position, ...rows, countsDifferent: counts.length, counts: counts.slice(0, COUNTS_SHOWN) };
};

/** At its pace to where the live one is, until so little has come meanwhile that the live one may wait for it. */
const approach = async (
  deps: RebuildDependencies,
  candidate: Candidate,
  pace: Pace,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<void> => {
  const onPage = (): Promise<void> => onProgress({ position: candidate.cursor, figures: figuresOf(candidate) });
  for (;;) {
    await candidate.advance(await placeOf(deps, candidate), signal, { pace, onPage });
    const to = await placeOf(deps, candidate);
    const [left, lead] = await Promise.all([deps.store.countAfter(candidate.cursor), deps.store.countAfter(to)]);
    if (left - lead <= NEAR_EVENTS) return;
  }
};

/** Both are at the same place then; to be called in a turn. */
const meet = async (deps: RebuildDependencies, candidate: Candidate, signal: AbortSignal): Promise<string> => {
  const position = await placeOf(deps, candidate);
  await candidate.advance(position, signal);
  return position;
};

/** Where the live projection is. */
const placeOf = async ({ projection, store }: RebuildDependencies, { cursor }: Candidate): Promise<string> => {
  const place = await projection.cursor(PROJECTOR);
  if (place === null) throw new ReplayImpossible("the projection has taken nothing in yet");
  await checkCursor(store, "the projection", place).catch((error: unknown) => {
    throw error instanceof CursorBeyondLog ? new ReplayImpossible(error.message) : error;
  });
  // It was itself set back, and goes on from there.
  if (cursor !== null && store.compare(place, cursor) < 0) {
    throw new ProjectionUnavailable("the live projection is not as far as the one beside it");
  }
  return place;
};

/** Retention takes rows away when it comes to it: what it may be about is left out. RFC 3339. */
const receivedFrom = ({ retentionDays, clock }: RebuildDependencies): string | null =>
  retentionDays === undefined ? null : new Date(clock.now() - retentionDays * DAY_MS + HOUR_MS).toISOString();

const NONE = { done: 0, dead: 0, discarded: 0 };

const differentCounts = (
  live: readonly SinkCounts[],
  rebuilt: readonly SinkCounts[],
): ProjectionComparison["counts"] => {
  const key = ({ flow, action }: SinkCounts): string => `${flow}/${action}`;
  const tally = (found: SinkCounts | undefined) =>
    found === undefined ? NONE : { done: found.done, dead: found.dead, discarded: found.discarded };
  const [was, is] = [live, rebuilt].map((counts) => new Map(counts.map((count) => [key(count), count]))) as [
    Map<string, SinkCounts>,
    Map<string, SinkCounts>,
  ];
  return [...new Map([...was, ...is]).values()]
    .map((count) => ({
      flow: count.flow,
      action: count.action,
      live: tally(was.get(key(count))),
      rebuilt: tally(is.get(key(count))),
    }))
    .filter(({ live, rebuilt }) => JSON.stringify(live) !== JSON.stringify(rebuilt))
    .sort((a, b) => (a.flow < b.flow ? -1 : a.flow > b.flow ? 1 : a.action < b.action ? -1 : 1));
};
