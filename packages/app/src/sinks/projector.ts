/**
 * Projects the log into the read model: attribute rows, flow rows, dead letters, counts.
 *
 * A row that the database refuses is dead: the store keeps it with the reason in the same transaction, and the projector
 * then says so in the log with an id made from the row's own event, so that saying it twice is saying it once.
 */
import type { DeadLetter, EventData, EventType, NewEvent, RecordedEvent } from "@sluice/contracts";
import {
  attributeText,
  type DataRow,
  type DeadLetterChange,
  dayOf,
  deliveriesStream,
  deliveryId,
  type EventStore,
  type FlowRow,
  type ProjectionBatch,
  type ProjectionStore,
  type ReadPage,
  type RowCommand,
  typedNumber,
} from "@sluice/domain";
import { derivedId } from "../system/ids.ts";
import type { SinkTask } from "./sink.ts";
import { PROJECTOR } from "./sink-names.ts";

/** All that the read model is made of. */
export const PROJECTED_TYPES: readonly EventType[] = [
  "FlowDefined",
  "FlowRevised",
  "FlowEnabled",
  "FlowDisabled",
  "FlowRetired",
  "MessageReceived",
  "MessageReplayed",
  "StoredAttribute",
  "DeliveryDeadLettered",
  "DeliveryRetried",
  "DeliveryDiscarded",
];

const rowOf = (event: RecordedEvent<"StoredAttribute">): DataRow => {
  const { data } = event;
  return {
    eventId: event.id,
    flow: data.flow,
    action: data.action,
    messageId: data.messageId,
    messageNumber: data.messageNumber,
    attribute: data.attribute,
    valueType: data.valueType,
    text: attributeText(data),
    number: typedNumber(data.value),
    receivedAt: data.receivedAt,
    deviceTime: data.deviceTime ?? null,
  };
};

/** The retry of a dead row, with what is stored instead where it was edited. */
const retryOf = ({ id: eventId, data }: RecordedEvent<"DeliveryRetried">): RowCommand => {
  const command = { id: idOf(data), command: "retry" as const };
  const { edit } = data;
  if (edit === undefined || !("attribute" in edit)) return command;
  const { flow, action, messageId, messageNumber } = data;
  const { attribute, valueType, value, receivedAt, deviceTime = null, replaces } = edit;
  const row = { eventId, flow, action, messageId, messageNumber, attribute, valueType, receivedAt, deviceTime };
  return { ...command, edit: { row: { ...row, text: attributeText(edit), number: typedNumber(value) }, replaces } };
};

type Settled = EventData<"DeliveryDeadLettered" | "DeliveryRetried" | "DeliveryDiscarded">;

const idOf = (data: Settled): string =>
  deliveryId({
    messageId: data.messageId,
    flow: data.flow,
    action: data.action,
    ...(data.attribute === undefined ? {} : { attribute: data.attribute }),
  });

/** A delivery's entry in the list of dead letters; rows have theirs from the store that refused them. */
const letterOf = (
  event: RecordedEvent<"DeliveryDeadLettered" | "DeliveryRetried" | "DeliveryDiscarded">,
): DeadLetter => ({
  id: idOf(event.data),
  kind: "delivery",
  flow: event.data.flow,
  action: event.data.action,
  messageId: event.data.messageId,
  messageNumber: event.data.messageNumber,
  attribute: null,
  reason: "reason" in event.data ? (event.data.reason ?? "") : "",
  attempts: "attempts" in event.data ? event.data.attempts : 1,
  deadAt: event.recordedAt,
  eventId: event.id,
});

/** The batch that a page of events comes to. Pure. */
export const batchOf = (
  page: Pick<ReadPage, "events" | "position">,
  from: string | null,
  flowRows: Map<string, FlowRow>,
): ProjectionBatch => {
  const rows: DataRow[] = [];
  const changed = new Map<string, FlowRow>();
  const changedElsewhere = new Set<string>();
  const lastMessageNumbers = new Map<string, number>();
  const done = new Map<string, { flow: string; action: string; messages: number }>();
  const deadLetters: DeadLetterChange[] = [];
  const rowCommands: RowCommand[] = [];

  const setFlow = ({ metadata }: RecordedEvent, code: string, change: Partial<FlowRow>): void => {
    if (metadata.actor?.startsWith("table:") !== true) changedElsewhere.add(code);
    const before = flowRows.get(code) ?? { code, definition: null, enabled: false };
    const after = { ...before, ...change };
    flowRows.set(code, after);
    changed.set(code, after);
  };

  const countDone = ({ flow, owes }: EventData<"MessageReceived" | "MessageReplayed">): void => {
    for (const { action, type } of owes) {
      if (type !== "STORE_DB") continue;
      const key = `${flow}/${action}`;
      const count = done.get(key) ?? { flow, action, messages: 0 };
      count.messages += 1;
      done.set(key, count);
    }
  };

  for (const event of page.events) {
    switch (event.type) {
      case "StoredAttribute":
        rows.push(rowOf(event));
        break;
      case "MessageReceived":
        lastMessageNumbers.set(event.data.flow, event.data.messageNumber);
        countDone(event.data);
        break;
      case "MessageReplayed":
        countDone(event.data);
        break;
      case "FlowDefined":
        setFlow(event, event.data.definition.code, {
          definition: event.data.definition,
          enabled: event.data.enabled,
        });
        if (event.data.lastMessageNumber !== undefined) {
          lastMessageNumbers.set(event.data.definition.code, event.data.lastMessageNumber);
        }
        break;
      case "FlowRevised":
        setFlow(event, event.data.definition.code, { definition: event.data.definition });
        break;
      case "FlowEnabled":
        setFlow(event, event.data.flow, { enabled: true });
        break;
      case "FlowDisabled":
        setFlow(event, event.data.flow, { enabled: false });
        break;
      case "FlowRetired":
        setFlow(event, event.data.flow, { definition: null, enabled: false });
        break;
      case "DeliveryDeadLettered":
        if (event.data.attribute === undefined) deadLetters.push({ kind: "add", letter: letterOf(event) });
        break;
      case "DeliveryRetried":
      case "DeliveryDiscarded":
        if (event.data.attribute === undefined) deadLetters.push({ kind: "settle", letter: letterOf(event) });
        else if (event.type === "DeliveryRetried") rowCommands.push(retryOf(event));
        else rowCommands.push({ id: idOf(event.data), command: "discard" });
        break;
      default:
        break;
    }
  }
  return {
    consumer: PROJECTOR,
    from,
    to: page.position as string,
    rows,
    flows: [...changed.values()].map((row) => ({ ...row, fromTable: !changedElsewhere.has(row.code) })),
    lastMessageNumbers,
    done: [...done.values()],
    deadLetters,
    rowCommands,
  };
};

export interface ProjectorDependencies {
  readonly store: EventStore;
  readonly projection: ProjectionStore;
  /** The flows as they are now, retired ones too: where an event only names a flow, its row is completed from here. */
  readonly flows: Iterable<FlowRow>;
}

export class Projector implements SinkTask {
  readonly name = PROJECTOR;
  readonly filter = { types: PROJECTED_TYPES };
  readonly #store: EventStore;
  readonly #projection: ProjectionStore;
  readonly #flowRows: Map<string, FlowRow>;
  #unannounced: DeadLetter[] = [];
  #announcedOld = false;

  constructor({ store, projection, flows }: ProjectorDependencies) {
    this.#store = store;
    this.#projection = projection;
    this.#flowRows = new Map([...flows].map((row) => [row.code, row]));
  }

  cursor(): Promise<string | null> {
    return this.#projection.cursor(PROJECTOR);
  }

  async take(page: ReadPage, from: string | null): Promise<void> {
    if (!this.#announcedOld) await this.#findUnannounced();
    const { dead } = await this.#projection.apply(batchOf(page, from, this.#flowRows));
    this.#unannounced.push(...dead);
    await this.#announce();
  }

  /** Rows that died just before a crash may not have been announced. */
  async #findUnannounced(): Promise<void> {
    let after: string | null = null;
    do {
      const page = await this.#projection.deadLetters(
        { kind: "row" },
        { limit: 1_000, ...(after === null ? {} : { after }) },
      );
      this.#unannounced.push(...page.items);
      after = page.next;
    } while (after !== null);
    this.#announcedOld = true;
  }

  async #announce(): Promise<void> {
    for (let letter = this.#unannounced[0]; letter !== undefined; letter = this.#unannounced[0]) {
      const event: NewEvent<"DeliveryDeadLettered"> = {
        id: derivedId(`dead/${letter.id}/${letter.eventId}/${letter.attempts}`),
        type: "DeliveryDeadLettered",
        schemaVersion: 1,
        data: {
          flow: letter.flow,
          messageId: letter.messageId,
          messageNumber: letter.messageNumber,
          action: letter.action,
          ...(letter.attribute === null ? {} : { attribute: letter.attribute }),
          reason: letter.reason,
          attempts: letter.attempts,
        },
        metadata: { actor: "gateway" },
      };
      const stream = deliveriesStream(letter.flow, dayOf(letter.deadAt));
      await this.#store.append([{ stream, expected: "any", events: [event] }]);
      this.#unannounced.shift();
    }
  }
}
