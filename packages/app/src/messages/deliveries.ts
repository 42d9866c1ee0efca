/** What became of a message at one action that owed it, folded from the events that say so. */
import type { DeliveryEdit, DeliveryStep, MessageStory, RecordedEvent, RowEdit } from "@sluice/contracts";
import { attributeText } from "@sluice/domain";

export type DeliveryView = MessageStory["flows"][number]["deliveries"][number];

export interface Delivery {
  /** An event of this action and message, in log order. */
  note(event: RecordedEvent): void;
  /** The projection has the row that this event led to. */
  stored(eventId: string): void;
  view(): DeliveryView;
}

const PENDING = {
  state: "pending",
  url: null,
  attempts: 0,
  status: null,
  reason: null,
  at: null,
  nextAttemptAt: null,
} as const;

const MOST_STEPS = 1_000;

const SHOWN_CHARACTERS = 100;

const shortened = (text: string): string =>
  text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS).toWellFormed()}…`;

/** An edit in words. */
export const editText = (edit: DeliveryEdit | RowEdit): string =>
  "payload" in edit
    ? `a body of ${Buffer.byteLength(edit.payload.data, edit.payload.encoding)} bytes: ${shortened(edit.payload.data)}`
    : `${shortened(edit.attribute)} = ${shortened(attributeText(edit))}`;

/** The event as a step; a StoredAttribute is none. */
export const stepOf = (event: RecordedEvent): DeliveryStep => {
  const data: Readonly<Record<string, unknown>> = event.data;
  const text = (name: string): string | null => (typeof data[name] === "string" ? data[name] : null);
  const number = (name: string): number | null => (typeof data[name] === "number" ? data[name] : null);
  return {
    at: event.recordedAt,
    type: event.type,
    eventId: event.id,
    attempt: number("attempts"),
    status: number("status"),
    latencyMs: number("latencyMs"),
    url: text("url"),
    attribute: text("attribute"),
    reason: text("reason"),
    retryAt: text("retryAt"),
    edit: event.type === "DeliveryRetried" && event.data.edit !== undefined ? editText(event.data.edit) : null,
    actor: event.metadata.actor ?? null,
  };
};

/** Posted to an endpoint. */
export class EndpointDelivery implements Delivery {
  #view: DeliveryView;

  constructor(action: string) {
    this.#view = { action, type: "POST_ENDPOINT", ...PENDING, steps: [] };
  }

  note(event: RecordedEvent): void {
    const { steps } = this.#view;
    if (steps.length < MOST_STEPS) steps.push(stepOf(event));
    this.#view = { ...this.#view, nextAttemptAt: null, ...changeOf(event) };
  }

  stored(): void {}

  view(): DeliveryView {
    return this.#view;
  }
}

const changeOf = (event: RecordedEvent): Partial<DeliveryView> => {
  const at = event.recordedAt;
  switch (event.type) {
    case "EndpointForwarded": {
      const { url, status, attempts } = event.data;
      return { state: "done", url, status, attempts, reason: null, at };
    }
    case "EndpointForwardFailed": {
      const { url, status = null, attempts, reason, retryAt = null } = event.data;
      return { url, status, attempts, reason, at, nextAttemptAt: retryAt };
    }
    case "DeliveryDeadLettered":
      return { state: "dead", attempts: event.data.attempts, reason: event.data.reason, at };
    case "DeliveryRetried":
      return { state: "pending", at };
    case "DeliveryDiscarded":
      return { state: "discarded", at, ...(event.data.reason === undefined ? {} : { reason: event.data.reason }) };
    default:
      return {};
  }
};

interface Row {
  stored: boolean;
  state: "owed" | "dead" | "discarded";
}

/** Stored, row by row. */
export class StoreDelivery implements Delivery {
  readonly #byAttribute = new Map<string, Row>();
  readonly #byEvent = new Map<string, Row>();
  #view: DeliveryView;

  constructor(action: string) {
    this.#view = { action, type: "STORE_DB", ...PENDING, steps: [] };
  }

  note(event: RecordedEvent): void {
    if (event.type === "StoredAttribute") {
      const row: Row = { stored: false, state: "owed" };
      this.#byAttribute.set(event.data.attribute, row);
      this.#byEvent.set(event.id, row);
      return;
    }
    if (!("attribute" in event.data) || event.data.attribute === undefined) return;
    if (this.#view.steps.length < MOST_STEPS) this.#view.steps.push(stepOf(event));
    const row = this.#byAttribute.get(event.data.attribute);
    const change = changeOf(event);
    // From now on it is stored as what this event says.
    if (row !== undefined && event.type === "DeliveryRetried" && event.data.edit !== undefined) {
      this.#byEvent.set(event.id, row);
    }
    if (row === undefined || change.state === undefined) return;
    row.state = change.state === "dead" || change.state === "discarded" ? change.state : "owed";
    this.#view = { ...this.#view, ...change, attempts: Math.max(this.#view.attempts, change.attempts ?? 0) };
  }

  stored(eventId: string): void {
    const row = this.#byEvent.get(eventId);
    if (row !== undefined) row.stored = true;
  }

  /** Dead while a row is; else discarded if one was; else done when every row is there. */
  view(): DeliveryView {
    const rows = [...this.#byEvent.values()];
    const is = (state: Row["state"]) => rows.some((row) => row.state === state);
    const settled = rows.every((row) => row.stored || row.state === "discarded");
    if (is("dead")) return { ...this.#view, state: "dead" };
    if (!settled) return { ...this.#view, state: "pending" };
    if (is("discarded")) return { ...this.#view, state: "discarded" };
    return { ...this.#view, state: "done", attempts: Math.max(this.#view.attempts, 1), reason: null };
  }
}
