/** Replays: what one is asked for, how far it is, and what came of it. The log, the API and the command line share them. */
import { type Static, Type } from "typebox";
import { ActionId, FlowCode, FlowDefinition } from "./flow-definition.ts";

const Instant = Type.String({ format: "date-time" });
const Count = Type.Integer({ minimum: 0 });

/**
 * re-drive: rejected messages of a flow are decided again. backfill: a flow or an action gets messages that the log
 * already holds. what-if: a definition is tried on them, and nothing is done.
 */
export const ReplayKind = Type.Union([Type.Literal("re-drive"), Type.Literal("backfill"), Type.Literal("what-if")]);
export type ReplayKind = Static<typeof ReplayKind>;

/** As the log keeps it, with every default filled in. */
export const ReplayOrder = Type.Object({
  kind: ReplayKind,
  flow: FlowCode,
  action: Type.Optional(ActionId),
  sourceFlow: Type.Optional(FlowCode),
  topic: Type.Optional(Type.String()),
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
  messagesPerSecond: Type.Integer({ minimum: 1 }),
  definition: Type.Optional(FlowDefinition),
  until: Type.String({
    description: "Position of the log's last event when it was asked for: nothing later is looked at.",
  }),
});
export type ReplayOrder = Static<typeof ReplayOrder>;

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

const replay = { replay: Type.String({ format: "uuid" }) };

export const replayEvents = {
  ReplayRequested: Type.Object({ ...replay, order: ReplayOrder }),
  ReplayProgressed: Type.Object(
    {
      ...replay,
      position: Type.String({ description: "Everything up to here is done and in the log." }),
      figures: ReplayFigures,
    },
    { description: "Now and then, so that a restart goes on from here." },
  ),
  ReplayCompleted: Type.Object({ ...replay, figures: ReplayFigures, whatIf: Type.Optional(WhatIfResult) }),
  ReplayCancelled: Type.Object(replay, { description: "What it has done stays done." }),
  ReplayFailed: Type.Object({ ...replay, reason: Type.String() }),
} as const;
