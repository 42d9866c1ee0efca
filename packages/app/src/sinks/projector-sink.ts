/**
 * The life of the projection: whoever holds its lease projects the log into it and does the rebuilds, in turn, so that one
 * thing at a time writes to it.
 */
import type {
  Clock,
  EventStore,
  FlowRow,
  ProjectionRebuild,
  ProjectionStore,
  ReadPage,
  SinkLease,
} from "@sluice/domain";
import type { Logger } from "pino";
import { rebuildLane } from "../rebuild/rebuild-jobs.ts";
import { ReplayBook } from "../replay/replay-book.ts";
import { ReplayRunner } from "../replay/replay-runner.ts";
import { groupOf } from "./forwarder.ts";
import { whileHeld } from "./lease.ts";
import { Projector } from "./projector.ts";
import { LogFollower } from "./sink.ts";
import { PROJECTOR } from "./sink-names.ts";
import type { ProjectorReport } from "./sink-protocol.ts";
import { soleSink } from "./sole-sink.ts";
import { Turns } from "./turns.ts";

export interface ProjectorSinkDependencies {
  readonly store: EventStore;
  readonly projection: ProjectionStore;
  readonly rebuild: ProjectionRebuild;
  readonly lease: SinkLease;
  /** As they are now, retired ones too. */
  readonly flows: () => Iterable<FlowRow>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly retentionDays: number | undefined;
}

const MAX_DEAD_COUNTED = 1_000;

export class ProjectorSink {
  readonly #deps: ProjectorSinkDependencies;
  readonly #turns = new Turns();
  #follower: LogFollower;
  #rebuilder: ReplayRunner;
  #standby = true;
  #startAgain: () => void = () => {};

  constructor(dependencies: ProjectorSinkDependencies) {
    this.#deps = dependencies;
    this.#follower = this.#makeFollower(AbortSignal.abort());
    this.#rebuilder = this.#makeRebuilder();
  }

  /** Until the signal. */
  run(signal: AbortSignal): Promise<void> {
    const { lease, log } = this.#deps;
    return whileHeld(lease, PROJECTOR, signal, log, async (held) => {
      this.#standby = false;
      this.#rebuilder = this.#makeRebuilder();
      this.#rebuilder.start();
      while (!held.aborted) {
        const ending = new AbortController();
        this.#startAgain = () => ending.abort();
        this.#follower = this.#makeFollower(ending.signal);
        await this.#follower.run(AbortSignal.any([held, ending.signal]));
      }
      await this.#rebuilder.stop();
      this.#standby = true;
    });
  }

  async report(): Promise<ProjectorReport> {
    const { projection } = this.#deps;
    return {
      role: "projector",
      sink: this.#standby ? await this.#follower.standbyStatus() : await this.#follower.status(),
      counts: new Map((await projection.counts()).map((count) => [groupOf(count.flow, count.action), count])),
      dead: (await projection.deadLetters({}, { limit: MAX_DEAD_COUNTED })).items.length,
      replays: this.#rebuilder.liveAll(),
    };
  }

  /**
   * A new one for each time that it holds the lease, and after a switch: what it knows of the flows' rows and of the dead
   * letters belongs to its place in the log.
   */
  #makeFollower(ended: AbortSignal): LogFollower {
    const { store, projection, flows, clock, log } = this.#deps;
    const projector = new Projector({ store, projection, flows: flows() });
    const inTurn = {
      name: projector.name,
      filter: projector.filter,
      cursor: () => projector.cursor(),
      take: (page: ReadPage, from: string | null) =>
        this.#turns.take(async () => {
          // It waited for its turn while another content was switched to.
          if (!ended.aborted) await projector.take(page, from);
        }),
    };
    return new LogFollower(inTurn, { store, clock, log });
  }

  #makeRebuilder(): ReplayRunner {
    const { store, clock, log, lease: _, ...rest } = this.#deps;
    const lane = rebuildLane({ ...rest, store, clock, turns: this.#turns, onSwitch: () => this.#startAgain() });
    // Whoever does the projector's work does this: its lease is held already.
    return new ReplayRunner({ store, book: new ReplayBook(), lease: soleSink, lanes: [lane], clock, log });
  }
}
