/** Flows: what they are, were, and would do. */
import { type Static, Type } from "typebox";
import { EncodedBytes, ValidationError, ValueType } from "../events.ts";
import { FlowDefinition, FlowDefinitionInput, QoS } from "../flow-definition.ts";
import { IfMatch, IfNoneMatch, Instant, Nullable, Paging, page, ref, strict } from "./shared.ts";

export const FlowCounters = Type.Object({
  received: Type.Integer(),
  accepted: Type.Integer(),
  rejected: Type.Integer(),
  flagged: Type.Integer(),
  breached: Type.Integer(),
  skipped: Type.Integer(),
});
export type FlowCounters = Static<typeof FlowCounters>;

/** accepted = done + pending + dead + discarded, at every moment. */
export const ActionCounts = Type.Object({
  action: Type.String(),
  accepted: Type.Integer({ description: "Accepted messages that this action owes." }),
  done: Type.Integer(),
  pending: Type.Integer(),
  dead: Type.Integer(),
  discarded: Type.Integer(),
});
export type ActionCounts = Static<typeof ActionCounts>;

export const FlowView = Type.Object(
  {
    ...FlowDefinition.properties,
    enabled: Type.Boolean(),
    version: Type.Integer({ description: "Counts every change of the flow; the ETag is made from it." }),
    createdAt: Instant,
    updatedAt: Instant,
    lastMessageNumber: Type.Integer(),
    lastReceivedAt: Nullable(Instant),
    counters: FlowCounters,
    actionCounts: Type.Array(ActionCounts),
  },
  { $id: "Flow" },
);
export type FlowView = Static<typeof FlowView>;
export const FlowPage = page(ref(FlowView), "FlowPage");
export const FlowListQuery = Type.Object({ ...Paging }, strict);

export const FlowQuery = Type.Object(
  {
    at: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "The flow as it was then: RFC 3339 with a zone, a date for its last instant (UTC), or a `position` of the log.",
      }),
    ),
  },
  strict,
);

export const FlowReadHeaders = Type.Object({ "if-none-match": IfNoneMatch });
export const FlowChangeHeaders = Type.Object({ "if-match": IfMatch, "if-none-match": IfNoneMatch });

export const FlowRollbackHeaders = Type.Object({ "if-match": IfMatch });

export const FlowAt = Type.Object(
  {
    ...FlowDefinition.properties,
    enabled: Type.Boolean(),
    version: Type.Integer({ description: "The version that the flow was at then." }),
    createdAt: Instant,
    updatedAt: Instant,
    lastMessageNumber: Type.Integer(),
    counters: Nullable(FlowCounters, {
      description: "Null: more had happened by then than can be counted for one answer.",
    }),
  },
  { $id: "FlowAt", description: "A flow's definition, state and counters at an earlier moment." },
);
export type FlowAt = Static<typeof FlowAt>;

const serverSet = [
  "version",
  "createdAt",
  "updatedAt",
  "lastMessageNumber",
  "lastReceivedAt",
  "counters",
  "actionCounts",
] as const satisfies readonly (keyof FlowView)[];
const readOnly = Type.Optional(Type.Unknown({ readOnly: true, description: "Ignored." }));
/** What `GET` answers can be sent back with a change: members that only the server sets are ignored. */
export const FlowInput = Type.Object(
  {
    ...FlowDefinitionInput.properties,
    ...(Object.fromEntries(serverSet.map((member) => [member, readOnly])) as Record<
      (typeof serverSet)[number],
      typeof readOnly
    >),
  },
  { ...strict, $id: "FlowInput" },
);

export const FlowHistoryItem = Type.Object(
  {
    version: Type.Integer(),
    type: Type.String(),
    at: Instant,
    position: Type.String(),
    actor: Nullable(Type.String()),
    rolledBackTo: Nullable(Type.Integer(), { description: "The version whose definition was given back." }),
    definition: Nullable(ref(FlowDefinition), {
      description: "As it was after the change; null: the flow was retired.",
    }),
    changes: Type.Array(
      Type.Object({
        pointer: Type.String({ description: "Into the definition with `enabled`; empty for the whole." }),
        before: Type.Optional(Type.Unknown({ description: "Absent: there was nothing." })),
        after: Type.Optional(Type.Unknown({ description: "Absent: there is nothing any more." })),
      }),
    ),
  },
  { $id: "FlowHistoryItem" },
);
export type FlowHistoryItem = Static<typeof FlowHistoryItem>;
export const FlowHistoryPage = page(ref(FlowHistoryItem), "FlowHistoryPage");
export const FlowHistoryQuery = Type.Object({ ...Paging }, strict);

export const RollbackInput = Type.Object(
  { version: Type.Integer({ minimum: 1, description: "A version of the flow's history." }) },
  { ...strict, $id: "RollbackInput" },
);
export type RollbackInput = Static<typeof RollbackInput>;

export const FlowTestRequest = Type.Object(
  {
    topic: Type.Optional(
      Type.String({ minLength: 1, description: "Default: the flow's own topic if it has no wildcard." }),
    ),
    payload: Type.Unknown({ description: "A JSON value; or text or base64 with payloadEncoding." }),
    payloadEncoding: Type.Optional(
      Type.Union([Type.Literal("json"), Type.Literal("utf8"), Type.Literal("base64")], { default: "json" }),
    ),
    qos: Type.Optional(QoS),
    retain: Type.Optional(Type.Boolean()),
  },
  { ...strict, $id: "FlowTestRequest" },
);
export type FlowTestRequest = Static<typeof FlowTestRequest>;

export const FlowTestResult = Type.Object(
  {
    matched: Type.Boolean(),
    captures: Type.Record(Type.String(), Type.String()),
    verdict: Type.Union([Type.Literal("accepted"), Type.Literal("flagged"), Type.Literal("rejected"), Type.Null()]),
    errors: Type.Array(ValidationError),
    rows: Type.Array(
      Type.Object({ attribute: Type.String(), valueType: ValueType, value: Type.Unknown(), text: Type.String() }),
    ),
    requests: Type.Array(
      Type.Object({
        action: Type.String(),
        method: Type.String(),
        url: Type.String(),
        headers: Type.Record(Type.String(), Type.String()),
        body: EncodedBytes,
      }),
    ),
    events: Type.Array(Type.Object({ type: Type.String(), data: Type.Unknown() })),
  },
  { $id: "FlowTestResult" },
);
export type FlowTestResult = Static<typeof FlowTestResult>;
