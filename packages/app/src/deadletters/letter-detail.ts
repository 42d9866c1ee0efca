/** One dead letter with what it is about: the bytes as they were received, what a retry would do, and the edits so far. */
import type { DeadLetter, DeadLetterDetail, DeadLetterEdited, FlowDefinition, RowEdit } from "@sluice/contracts";
import { attributeText, causeOf, type EventStore } from "@sluice/domain";
import { Budget } from "../messages/budget.ts";
import { stepOf } from "../messages/deliveries.ts";
import { type EditEvent, historyOf, type LetterHistory } from "./letter-history.ts";

export interface DetailDependencies {
  readonly store: EventStore;
  /** As it is now, also of a retired flow. */
  readonly definitionOf: (flow: string) => FlowDefinition | null;
}

/** @throws EventStoreUnavailable */
export const detailOf = async (
  letter: DeadLetter,
  { store, definitionOf }: DetailDependencies,
): Promise<DeadLetterDetail> => {
  const history = await historyOf(letter, store);
  const { row, edits } = history;
  return {
    ...letter,
    cause: causeOf(letter.reason),
    message: messageOf(history),
    row: row === null ? null : contentOf(row),
    delivery: letter.kind === "row" ? null : deliveryOf(letter, history, definitionOf(letter.flow)),
    edits: editedOf(edits),
  };
};

const messageOf = ({ received }: LetterHistory): DeadLetterDetail["message"] => {
  if (received === null) return null;
  const { topic, broker, receivedAt, payload, payloadSize } = received.data;
  const payloadBytes = payloadSize ?? Buffer.byteLength(payload.data, payload.encoding);
  return { topic, broker, receivedAt, payload, payloadBytes };
};

const contentOf = (row: Omit<RowEdit, "replaces">): NonNullable<DeadLetterDetail["row"]> => {
  const { attribute, valueType, value } = row;
  return { attribute, valueType, value, text: attributeText(row) };
};

const deliveryOf = (
  { action }: DeadLetter,
  { failures, edits }: LetterHistory,
  definition: FlowDefinition | null,
): DeadLetterDetail["delivery"] => {
  const now = definition?.actions.find(({ id }) => id === action);
  const url = now?.type === "POST_ENDPOINT" ? now.url.split("?", 1)[0] : failures.at(-1)?.data.url;
  const edit = edits.at(-1)?.data.edit;
  return {
    url: url ?? null,
    payload: edit !== undefined && "payload" in edit ? edit.payload : null,
    attempts: failures.map(stepOf),
  };
};

/** Of edits that are too much for one answer the latest have their bodies. */
const editedOf = (edits: readonly EditEvent[]): DeadLetterEdited[] => {
  const budget = new Budget();
  return edits
    .toReversed()
    .map(({ id, recordedAt, metadata, data: { edit, reason } }) => ({
      at: recordedAt,
      eventId: id,
      actor: metadata.actor ?? null,
      requestId: metadata.requestId ?? null,
      reason: reason ?? null,
      payload: "payload" in edit && budget.take(edit) ? edit.payload : null,
      row: "attribute" in edit && budget.take(edit) ? contentOf(edit) : null,
    }))
    .toReversed();
};
