/** What the log has about one dead letter: the message, the row as it was extracted, failed attempts, edits. */
import type { DeadLetter, RecordedEvent, RowEdit } from "@sluice/contracts";
import { type EventStore, parseDeliveryId } from "@sluice/domain";
import { eventsOf } from "../messages/message-story.ts";

export type EditEvent = RecordedEvent<"DeliveryRetried"> & {
  readonly data: { readonly edit: NonNullable<RecordedEvent<"DeliveryRetried">["data"]["edit"]> };
};

export interface LetterHistory {
  readonly received: RecordedEvent<"MessageReceived"> | null;
  /** The last ones, in the order of the log. */
  readonly failures: readonly RecordedEvent<"EndpointForwardFailed">[];
  readonly edits: readonly EditEvent[];
  /** The row of the letter as it is to be stored; null for a delivery, or if the log lacks it. */
  readonly row: Omit<RowEdit, "replaces"> | null;
  /** Names under which other rows of the message are stored by the action, or will be. */
  readonly takenNames: ReadonlySet<string>;
}

/** Of each kind of event. */
const MOST = 20;

const push = <T>(list: T[], item: T): void => {
  list.push(item);
  if (list.length > MOST) list.shift();
};

const isEdit = (event: RecordedEvent<"DeliveryRetried">): event is EditEvent => event.data.edit !== undefined;

/** @throws EventStoreUnavailable */
export const historyOf = async (letter: DeadLetter, store: EventStore): Promise<LetterHistory> => {
  const { flow, action, messageId, eventId } = letter;
  // A listing may show the attribute with what its database cannot hold replaced.
  const own = parseDeliveryId(letter.id)?.attribute ?? letter.attribute;
  let received: LetterHistory["received"] = null;
  let row: LetterHistory["row"] = null;
  const failures: RecordedEvent<"EndpointForwardFailed">[] = [];
  const edits: EditEvent[] = [];
  /** Attribute in the log → name that its row is stored under. */
  const names = new Map<string, string>();
  for await (const event of eventsOf(messageId, store)) {
    if (!("flow" in event.data) || event.data.flow !== flow) continue;
    if (event.type === "MessageReceived") received ??= event;
    if (!("action" in event.data) || event.data.action !== action) continue;
    if (event.type === "StoredAttribute") {
      const { attribute } = event.data;
      names.set(attribute, attribute);
      if (event.id === eventId) row = event.data;
    } else if (event.type === "EndpointForwardFailed") push(failures, event);
    else if (event.type === "DeliveryRetried" && isEdit(event)) {
      const { attribute, edit } = event.data;
      if ("attribute" in edit && attribute !== undefined) names.set(attribute, edit.attribute);
      if ((attribute ?? null) !== own) continue;
      push(edits, event);
      if ("attribute" in edit && event.id === eventId) row = edit;
    }
  }
  if (own !== null) names.delete(own);
  return { received, failures, edits, row, takenNames: new Set(names.values()) };
};
