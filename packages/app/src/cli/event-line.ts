/** One event as one line of text. */
import type {
  ProjectionComparison,
  RecordedEvent,
  ReplayFigures,
  ReplayOrder,
  ValidationError,
} from "@sluice/contracts";
import { attributeText } from "@sluice/domain";
import { coloured, harmless } from "./output.ts";

const COLOURS: Readonly<Partial<Record<RecordedEvent["type"], "red" | "yellow" | "green">>> = {
  ValidationFailed: "yellow",
  ThresholdBreached: "yellow",
  EndpointForwardFailed: "yellow",
  DeliveryDeadLettered: "red",
  MessagesSkipped: "yellow",
  FlowRowRefused: "yellow",
  RequestsRefused: "yellow",
  RequestsUnaudited: "red",
};

const POSITION_WIDTH = 8;
const TYPE_WIDTH = 21;
const FLOW_WIDTH = 16;

export const eventHeader = (): string =>
  coloured(
    "bold",
    `${"POSITION".padStart(POSITION_WIDTH)}  ${"TIME".padEnd(24)}  ${"TYPE".padEnd(TYPE_WIDTH)}  ${"FLOW".padEnd(FLOW_WIDTH)}  WHAT`,
  );

/** @param width of the whole line, in columns */
export const eventLine = (event: RecordedEvent, width: number): string => {
  const type = event.type.padEnd(TYPE_WIDTH);
  const before = `${event.position.padStart(POSITION_WIDTH)}  ${event.recordedAt}  `;
  const after = `  ${cut(flowOf(event), FLOW_WIDTH).padEnd(FLOW_WIDTH)}  `;
  const room = Math.max(width - before.length - type.length - after.length, 10);
  const colour = COLOURS[event.type];
  return `${before}${colour === undefined ? type : coloured(colour, type)}${after}${cut(harmless(summary(event)), room)}`;
};

const cut = (text: string, width: number): string => {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`;
};

const flowOf = (event: RecordedEvent): string =>
  event.type === "FlowRowRefused"
    ? harmless(event.data.code)
    : "flow" in event.data
      ? event.data.flow
      : "definition" in event.data
        ? event.data.definition.code
        : "";

const errorText = ([first, ...more]: readonly ValidationError[]): string =>
  first === undefined ? "" : `${first.pointer} ${first.message}${more.length === 0 ? "" : ` (+${more.length})`}`.trim();

const summary = (event: RecordedEvent): string => {
  switch (event.type) {
    case "FlowDefined":
    case "FlowRevised":
      return `version ${event.version}, ${event.data.definition.topic}`;
    case "FlowEnabled":
    case "FlowDisabled":
    case "FlowRetired":
      return `version ${event.version}${by(event)}`;
    case "FlowRowRefused":
      return `row of ${event.data.table} ${event.data.reason}${event.data.errors.length === 0 ? "" : `: ${errorText(event.data.errors)}`}`;
    case "MessageReceived":
      return `#${event.data.messageNumber} ${event.data.topic} ${event.data.payload.data}`;
    case "MessageReplayed":
      return `#${event.data.messageNumber} was ${event.data.was}, now owed to ${event.data.owes.map(({ action }) => action).join(", ")}`;
    case "ReplayRequested":
      return `${replayText(event.data.order)}${by(event)}`;
    case "ReplayProgressed":
      return figuresText(event.data.figures, event.data.comparison);
    case "ReplayCompleted": {
      const { figures, rebuild } = event.data;
      const switched = rebuild?.switchedOver ? ", switched" : "";
      return `${figuresText(figures, rebuild?.comparison)}${switched}`;
    }
    case "ReplayFailed":
      return event.data.reason;
    case "ReplayCancelled":
      return event.metadata.actor === undefined ? "" : `by ${event.metadata.actor}`;
    case "ValidationFailed":
      return `#${event.data.messageNumber} ${event.data.disposition}: ${errorText(event.data.errors)}`;
    case "ThresholdBreached":
      return `#${event.data.messageNumber} ${event.data.attribute} = ${event.data.value}, ${bounds(event.data)}`;
    case "StoredAttribute":
      return `#${event.data.messageNumber} ${event.data.attribute} = ${attributeText(event.data)}`;
    case "MessagesSkipped":
      return `${event.data.count} skipped: ${event.data.reason}`;
    case "EndpointForwarded":
      return `#${event.data.messageNumber} ${event.data.status} in ${Math.round(event.data.latencyMs)} ms, ${event.data.url}`;
    case "EndpointForwardFailed":
      return `#${event.data.messageNumber} attempt ${event.data.attempts}: ${event.data.reason}`;
    case "DeliveryDeadLettered":
      return `#${event.data.messageNumber} after ${event.data.attempts}: ${event.data.reason}`;
    case "DeliveryRetried":
      return `#${event.data.messageNumber} ${event.data.action}${event.data.edit === undefined ? "" : `, edited${by(event)}`}`;
    case "DeliveryDiscarded":
      return `#${event.data.messageNumber} ${event.data.action}`;
    case "TokenIssued":
      return `${event.data.name}, ${event.data.role}, until ${event.data.expiresAt ?? "revoked"}${by(event)}`;
    case "TokenRevoked":
      return `${event.data.name}${by(event)}`;
    case "RequestAudited":
      return `${event.data.method} ${event.data.path} ${event.data.status}${by(event)}`;
    case "RequestsRefused":
      return `${event.data.count} ${event.data.reason} from ${event.data.remoteAddress ?? "elsewhere"}: ${event.data.routes.join(", ")}`;
    case "RequestsUnaudited":
      return `${event.data.count} requests`;
    default:
      return JSON.stringify((event as RecordedEvent).data);
  }
};

const by = ({ metadata }: RecordedEvent): string => (metadata.actor === undefined ? "" : ` by ${metadata.actor}`);

const bounds = ({ min, max }: { readonly min?: number; readonly max?: number }): string =>
  [min === undefined ? "" : `min ${min}`, max === undefined ? "" : `max ${max}`]
    .filter((part) => part !== "")
    .join(", ");

const figuresText = ({ scanned, accepted }: ReplayFigures, comparison: ProjectionComparison | undefined): string => {
  if (comparison === undefined) return `${scanned} looked at, ${accepted} accepted`;
  const { missing, surplus, changed, countsDifferent } = comparison;
  const counts = countsDifferent === 0 ? "" : `, ${countsDifferent} counts differ`;
  return `${scanned} looked at; rows: ${missing} missing, ${surplus} too many, ${changed} changed${counts}`;
};

const replayText = (order: ReplayOrder): string => {
  if ("flow" in order) return `${order.kind} of ${order.flow}`;
  return order.kind === "rebuild" ? "rebuild of the projection" : `rollback of ${order.rollbackOf}`;
};
