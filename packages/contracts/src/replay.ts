/** Replays: what one is asked for, how far it is, and what came of it. The log, the API and the command line share them. */
import { type Static, Type } from "typebox";
import { ActionId, FlowCode, FlowDefinition } from "./flow-definition.ts";

const Instant = Type.String({ format: "date-time" });
const Count = Type.Integer({ minimum: 0 });

/**
 * re-drive: rejected messages of a flow are decided again. backfill: a flow or an action gets messages that the log
 * already holds. what-if: a definition is tried on them, and nothing is done. rebuild: the projection is made anew beside
 * the live one, compared with it and switched to. rollback: what was before a rebuild's switch comes back.
 */
export const ReplayKind = Type.Union([
  Type.Literal("re-drive"),
  Type.Literal("backfill"),
  Type.Literal("what-if"),
  Type.Literal("rebuild"),
  Type.Literal("rollback"),
]);
export type ReplayKind = Static<typeof ReplayKind>;

const until = {
  until: Type.String({
    description: "Position of the log's last event when it was asked for: nothing later is looked at.",
  }),
};
const paced = { messagesPerSecond: Type.Integer({ minimum: 1 }) };

/** Of a flow's messages. */
export const MessageReplayOrder = Type.Object({
  kind: Type.Union([Type.Literal("re-drive"), Type.Literal("backfill"), Type.Literal("what-if")]),
  flow: FlowCode,
  action: Type.Optional(ActionId),
  sourceFlow: Type.Optional(FlowCode),
  topic: Type.Optional(Type.String()),
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
  ...paced,
  definition: Type.Optional(FlowDefinition),
  ...until,
});
export type MessageReplayOrder = Static<typeof MessageReplayOrder>;

/** A rebuild goes on to where the live projection is, also beyond `until`. */
export const RebuildOrder = Type.Object({
  kind: Type.Literal("rebuild"),
  compareOnly: Type.Boolean(),
  ...paced,
  ...until,
});
export type RebuildOrder = Static<typeof RebuildOrder>;

export const RollbackOrder = Type.Object({
  kind: Type.Literal("rollback"),
  rollbackOf: Type.String({ format: "uuid", description: "The rebuild." }),
  ...until,
});
export type RollbackOrder = Static<typeof RollbackOrder>;

/** As the log keeps it, with every default filled in. */
export const ReplayOrder = Type.Union([MessageReplayOrder, RebuildOrder, RollbackOrder]);
export type ReplayOrder = Static<typeof ReplayOrder>;
export type ReplayOrderOf<K extends ReplayKind> = K extends "rebuild"
  ? RebuildOrder
  : K extends "rollback"
    ? RollbackOrder
    : MessageReplayOrder;

export const ReplayFigures = Type.Object({
  scanned: Type.Integer({ minimum: 0, description: "Messages that it has looked at and that are its business." }),
  accepted: Type.Integer({ minimum: 0, description: "Accepted, those with a flag included." }),
  rejected: Type.Integer({ minimum: 0, description: "Rejected by the definition." }),
  present: Type.Integer({ minimum: 0, description: "Passed over: that had been done before it was asked for." }),
  unmatched: Type.Integer({ minimum: 0, description: "Passed over: the flow's topic or broker is another now." }),
  cut: Type.Integer({ minimum: 0, description: "Passed over: the log has only the beginning of the payload." }),
  refused: Type.Integer({ minimum: 0, description: "Passed over: the event log refuses what would be recorded." }),
});
export type ReplayFigures = Static<typeof ReplayFigures>;

const Verdicts = Type.Object({ accepted: Count, flagged: Count, rejected: Count, unmatched: Count });

const Outcome = Type.Object({
  verdict: Type.Enum(["accepted", "flagged", "rejected", "unmatched"]),
  errors: Type.Array(Type.Object({ pointer: Type.String(), keyword: Type.String(), message: Type.String() })),
  rows: Type.Array(Type.Object({ action: Type.String(), attribute: Type.String(), text: Type.String() })),
  requests: Type.Array(Type.Object({ action: Type.String(), url: Type.String() })),
});

export const WhatIfSample = Type.Object({
  flow: Type.String({ description: "The flow that recorded it." }),
  messageId: Type.String(),
  messageNumber: Type.Integer(),
  topic: Type.String(),
  receivedAt: Instant,
  payload: Type.String({ description: "Text, its beginning where it is long; base64 where it is not UTF-8." }),
  before: Outcome,
  after: Outcome,
});
export type WhatIfSample = Static<typeof WhatIfSample>;

export const WhatIfResult = Type.Object({
  before: Type.Object(Verdicts.properties, {
    description: "Under the flow's definition as it was when the run began; all unmatched where there is no such flow.",
  }),
  after: Type.Object(Verdicts.properties, { description: "Under the candidate." }),
  fields: Type.Array(Type.Object({ pointer: Type.String(), keyword: Type.String(), before: Count, after: Count }), {
    description: "Rejected messages by what is wrong with them, the greatest change first. One may count in several.",
  }),
  otherFields: Type.Boolean({ description: "There were more kinds of errors than are listed." }),
  newlyRejectedCount: Count,
  newlyAcceptedCount: Count,
  newlyRejected: Type.Array(WhatIfSample, { description: "Samples." }),
  newlyAccepted: Type.Array(WhatIfSample, { description: "Samples." }),
});
export type WhatIfResult = Static<typeof WhatIfResult>;

const Side = Type.Object({
  rows: Count,
  digest: Type.String({
    pattern: "^[0-9a-f]{64}$",
    description: "SHA-256 of the rows in the order of their event ids; the same in every kind of database.",
  }),
});
const Tally = Type.Object({ done: Count, dead: Count, discarded: Count });

export const RowDifference = Type.Object({
  difference: Type.Enum(["missing", "surplus", "changed"], {
    description: "missing: the live projection lacks it. surplus: the log does not give it.",
  }),
  eventId: Type.String(),
  flow: Type.String(),
  messageId: Type.String(),
  messageNumber: Type.Integer(),
  attribute: Type.String(),
  live: Type.Union([Type.String(), Type.Null()], { description: "The text that the live projection has." }),
  rebuilt: Type.Union([Type.String(), Type.Null()], { description: "The text that the log gives." }),
});
export type RowDifference = Static<typeof RowDifference>;

/** The live projection beside the one that was made anew, both at the same place of the log. */
export const ProjectionComparison = Type.Object({
  position: Type.String({ description: "Where both were." }),
  live: Side,
  rebuilt: Side,
  missing: Type.Integer({ minimum: 0, description: "Rows that the live projection lacks." }),
  surplus: Type.Integer({ minimum: 0, description: "Rows of it that the log does not give." }),
  changed: Type.Integer({ minimum: 0, description: "Rows of it that are not as the log gives them." }),
  samples: Type.Array(RowDifference, { maxItems: 20, description: "Of these rows, by their event ids." }),
  countsDifferent: Type.Integer({ minimum: 0, description: "Flows' actions whose counts of messages differ." }),
  counts: Type.Array(Type.Object({ flow: Type.String(), action: Type.String(), live: Tally, rebuilt: Tally }), {
    maxItems: 20,
    description: "Of these, some.",
  }),
});
export type ProjectionComparison = Static<typeof ProjectionComparison>;

export const RebuildResult = Type.Object({
  comparison: ProjectionComparison,
  switchedOver: Type.Union(
    [
      Type.Object({
        added: Type.Integer({ minimum: 0, description: "Rows that the live projection lacked." }),
        removed: Type.Integer({ minimum: 0, description: "Rows that the log does not give." }),
        changed: Type.Integer({ minimum: 0, description: "Rows that had another content; they keep their ids." }),
      }),
      Type.Null(),
    ],
    { description: "What the switch has done to the live projection; null when it was only compared." },
  ),
});
export type RebuildResult = Static<typeof RebuildResult>;

const replay = { replay: Type.String({ format: "uuid" }) };

export const replayEvents = {
  ReplayRequested: Type.Object({ ...replay, order: ReplayOrder }),
  ReplayProgressed: Type.Object(
    {
      ...replay,
      position: Type.String({ description: "Everything up to here is done and in the log." }),
      figures: ReplayFigures,
      comparison: Type.Optional(ProjectionComparison),
    },
    { description: "Now and then, so that a restart goes on from here." },
  ),
  ReplayCompleted: Type.Object({
    ...replay,
    figures: ReplayFigures,
    whatIf: Type.Optional(WhatIfResult),
    rebuild: Type.Optional(RebuildResult),
  }),
  ReplayCancelled: Type.Object(replay, { description: "What it has done stays done." }),
  ReplayFailed: Type.Object({ ...replay, reason: Type.String() }),
} as const;
