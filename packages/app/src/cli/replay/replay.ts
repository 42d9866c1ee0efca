/** Replays over the admin API: asking for one, waiting with a progress bar, showing what came of it. */
import { setTimeout as delay } from "node:timers/promises";
import type { Replay, ReplayInput } from "@sluice/contracts";
import { dataOf } from "@sluice/contracts/client";
import { apiOf, given } from "../api.ts";
import { CommandError } from "../command-error.ts";
import { type ConnectionFlags, findGateway } from "../connection.ts";
import { readDefinitionFile } from "../flows/definition-files.ts";
import { print, printJson } from "../output.ts";
import { table } from "../table.ts";
import { progressLine } from "./progress-line.ts";
import { showOutcome } from "./show.ts";

export interface ReplayFlags extends ConnectionFlags {
  readonly json?: true;
  readonly wait?: boolean;
}

export interface ListFlags extends ReplayFlags {
  readonly limit: number;
}

export interface StartFlags extends ReplayFlags {
  readonly from?: string;
  readonly to?: string;
  readonly action?: string;
  readonly sourceFlow?: string;
  readonly topic?: string;
  readonly rate?: number;
  readonly definition?: string;
  readonly maxNewlyRejected?: number;
}

export interface RebuildFlags extends ReplayFlags {
  readonly compareOnly?: true;
  readonly rate?: number;
}

type Api = ReturnType<typeof apiOf>;

const POLL_MS = 200;

export const startReplay = async (
  kind: "re-drive" | "backfill" | "what-if",
  flow: string,
  flags: StartFlags,
): Promise<void> => {
  const { from, to, action, sourceFlow, topic, rate: messagesPerSecond } = flags;
  const definition = flags.definition === undefined ? undefined : await definitionIn(flags.definition);
  const body: ReplayInput = {
    kind,
    flow,
    ...given({ from, to, action, sourceFlow, topic, messagesPerSecond, definition }),
  };
  const end = await start(body, flags);
  const newly = end.whatIf?.newlyRejectedCount ?? 0;
  if (flags.maxNewlyRejected !== undefined && newly > flags.maxNewlyRejected) {
    throw new CommandError(`${newly} messages would be newly rejected, more than ${flags.maxNewlyRejected}`);
  }
};

/** @throws CommandError when it was to be compared only, and differs */
export const startRebuild = async (flags: RebuildFlags): Promise<void> => {
  const { compareOnly, rate: messagesPerSecond } = flags;
  const { rebuild } = await start({ kind: "rebuild", ...given({ compareOnly, messagesPerSecond }) }, flags);
  if (!compareOnly || rebuild === null) return;
  const { missing, surplus, changed, countsDifferent } = rebuild.comparison;
  if (missing + surplus + changed + countsDifferent > 0) {
    throw new CommandError("the projection is not what the log gives");
  }
};

export const startRollback = async (rollbackOf: string | undefined, flags: ReplayFlags): Promise<void> => {
  await start({ kind: "rollback", ...given({ rollbackOf }) }, flags);
};

/** Asks for it, waits for its end unless that is not wanted, and shows what came of it. */
const start = async (body: ReplayInput, flags: ReplayFlags): Promise<Replay> => {
  const api = apiOf(findGateway(flags));
  const replay: Replay = dataOf(await api.POST("/api/v1/replays", { body }));
  const end = flags.wait === false ? replay : await waitFor(api, replay);
  await show(end, flags);
  return end;
};

export const listReplays = async (flags: ListFlags): Promise<void> => {
  const api = apiOf(findGateway(flags));
  const limit = Math.min(Math.max(flags.limit, 1), 1_000);
  const { items } = dataOf(await api.GET("/api/v1/replays", { params: { query: { limit } } }));
  if (flags.json) return printJson(items);
  if (items.length === 0) return print("no replays");
  await print(
    table(
      [
        { header: "ID", value: ({ id }) => id },
        { header: "KIND", value: ({ kind }) => kind },
        { header: "FLOW", value: ({ flow }) => flow ?? "", flexible: true },
        { header: "STATE", value: ({ state }) => state },
        { header: "PROGRESS", value: ({ progress }) => `${Math.floor(progress * 100)} %`, align: "right" },
        { header: "ACCEPTED", value: ({ figures }) => figures.accepted, align: "right" },
        { header: "REJECTED", value: ({ figures }) => figures.rejected, align: "right" },
        { header: "REQUESTED", value: ({ requestedAt }) => requestedAt },
      ],
      items,
    ),
  );
};

export const showReplay = async (id: string, flags: ReplayFlags): Promise<void> => {
  const api = apiOf(findGateway(flags));
  const replay = await get(api, id);
  await show(flags.wait ? await waitFor(api, replay) : replay, flags);
};

export const cancelReplay = async (id: string, flags: ReplayFlags): Promise<void> => {
  const api = apiOf(findGateway(flags));
  const replay: Replay = dataOf(await api.DELETE("/api/v1/replays/{id}", { params: { path: { id } } }));
  if (flags.json) return printJson(replay);
  await print(replay.state === "cancelled" ? `${id} cancelled` : `${id} had ended: ${replay.state}`);
};

const get = async (api: Api, id: string): Promise<Replay> =>
  dataOf(await api.GET("/api/v1/replays/{id}", { params: { path: { id } } }));

const definitionIn = async (file: string): Promise<unknown> => {
  const definitions = await readDefinitionFile(file);
  if (definitions.length === 1) return definitions[0]?.value;
  throw new CommandError(`${file} has ${definitions.length} definitions; a what-if takes one`, { exitCode: 2 });
};

const waitFor = async (api: Api, started: Replay): Promise<Replay> => {
  const line = progressLine();
  let replay = started;
  try {
    while (replay.endedAt === null) {
      line.draw(replay);
      await delay(POLL_MS);
      replay = await get(api, replay.id);
    }
  } finally {
    line.end();
  }
  return replay;
};

/** @throws CommandError when it did not come to its end */
const show = async (replay: Replay, { json }: ReplayFlags): Promise<void> => {
  await (json ? printJson(replay) : showOutcome(replay));
  if (replay.state === "failed") throw new CommandError(`the replay failed: ${replay.reason}`);
  if (replay.state === "cancelled") throw new CommandError("the replay was cancelled");
};
