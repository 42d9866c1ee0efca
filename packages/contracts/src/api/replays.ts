/** Replays of what the log holds. */
import { type Static, Type } from "typebox";
import { ActionId, FlowCode } from "../flow-definition.ts";
import { RebuildResult, ReplayFigures, ReplayKind, WhatIfResult } from "../replay.ts";
import { Instant, Nullable, Paging, page, ref, strict, timeRange } from "./shared.ts";

export const ReplayInput = Type.Object(
  {
    kind: ReplayKind,
    flow: Type.Optional(
      Type.Unsafe<string>({ ...FlowCode, description: "re-drive, backfill and what-if: needed, and whose messages." }),
    ),
    action: Type.Optional(
      Type.Unsafe<string>({
        ...ActionId,
        description:
          "backfill: messages that the flow has accepted become owed to this action of it, where they were not; absent: " +
          "messages that the flow does not have become its own.",
      }),
    ),
    sourceFlow: Type.Optional(
      Type.Unsafe<string>({
        ...FlowCode,
        description:
          "backfill and what-if: only messages that this flow has recorded. Default of a what-if: the flow itself.",
      }),
    ),
    topic: Type.Optional(
      Type.String({
        minLength: 1,
        description: "backfill and what-if: only messages of topics that this filter matches.",
      }),
    ),
    ...timeRange("time of recording"),
    messagesPerSecond: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description:
          "Messages a second at the most; what comes in goes first at any rate. re-drive and backfill: 2,000 when " +
          "absent; rebuild: 20,000.",
      }),
    ),
    definition: Type.Optional(
      Type.Unknown({
        description: "what-if: the candidate, as `POST /api/v1/flows` takes it; its code may be left out.",
      }),
    ),
    compareOnly: Type.Optional(
      Type.Boolean({ description: "rebuild: only compare what the log gives with what there is. Default: false." }),
    ),
    rollbackOf: Type.Optional(
      Type.String({
        format: "uuid",
        description: "rollback: the rebuild whose switch is undone. Default: the last one that switched.",
      }),
    ),
  },
  { ...strict, $id: "ReplayInput" },
);
export type ReplayInput = Static<typeof ReplayInput>;

export const ReplayState = Type.Enum(["waiting", "running", "completed", "cancelled", "failed"]);

export const Replay = Type.Object(
  {
    id: Type.String({ format: "uuid" }),
    kind: ReplayKind,
    flow: Nullable(Type.String(), { description: "Null for a rebuild and a rollback, which concern all." }),
    action: Nullable(Type.String()),
    sourceFlow: Nullable(Type.String()),
    topic: Nullable(Type.String()),
    from: Nullable(Instant),
    to: Nullable(Instant),
    messagesPerSecond: Nullable(Type.Integer()),
    compareOnly: Nullable(Type.Boolean()),
    rollbackOf: Nullable(Type.String()),
    state: ReplayState,
    requestedAt: Instant,
    requestedBy: Nullable(Type.String()),
    endedAt: Nullable(Instant),
    progress: Type.Number({ minimum: 0, maximum: 1, description: "Part of the log that it has looked at." }),
    speed: Nullable(Type.Number(), {
      description: "Messages a second, lately; null unless this gateway is at work on it.",
    }),
    figures: ReplayFigures,
    reason: Nullable(Type.String(), { description: "Why it failed." }),
    whatIf: Nullable(WhatIfResult, { description: "What a completed what-if has found." }),
    rebuild: Nullable(RebuildResult, { description: "What a completed rebuild has found and done." }),
  },
  { $id: "Replay" },
);
export type Replay = Static<typeof Replay>;
export const ReplayPage = page(ref(Replay), "ReplayPage");
export const ReplayQuery = Type.Object({ ...Paging }, strict);
