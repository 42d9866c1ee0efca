/** The replays of messages as jobs of the gateway's own thread. */
import type { MessageReplayOrder } from "@sluice/contracts";
import type { EventStore } from "@sluice/domain";
import type { FlowRegistry } from "../flows/flow-registry.ts";
import type { IngestPipeline } from "../ingest/ingest-pipeline.ts";
import { drive } from "./drive.ts";
import type { ReplayJob, ReplayLane } from "./replay-runner.ts";
import type { RunWhatIf } from "./what-if-thread.ts";

export interface MessageJobsDependencies {
  readonly store: EventStore;
  readonly pipeline: Pick<IngestPipeline, "replay">;
  readonly registry: Pick<FlowRegistry, "get">;
  readonly whatIf: RunWhatIf;
}

type Job = ReplayJob<MessageReplayOrder["kind"]>;

/** What writes, one after another; and what-ifs, which write nothing, beside that. */
export const messageLanes = ({ store, pipeline, registry, whatIf }: MessageJobsDependencies): readonly ReplayLane[] => {
  const driving: Job = {
    resumes: true,
    run: async (record, onProgress, signal) => ({
      figures: await drive({ store, pipeline, record, signal, onProgress }),
    }),
  };
  const trying: Job = {
    resumes: false,
    run: ({ order }, onProgress, signal) => {
      const present = registry.get(order.flow)?.definition ?? null;
      return whatIf({ order, present }, onProgress, signal);
    },
  };
  return [{ jobs: { "re-drive": driving, backfill: driving } }, { jobs: { "what-if": trying } }];
};
