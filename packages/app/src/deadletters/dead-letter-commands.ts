/**
 * Retrying and discarding dead letters: each becomes an event, and the sinks act when they read it.
 *
 * A letter's event has an id made from the letter as it is, the number of its attempts included, and goes to the stream
 * of the day on which it died. So settling one letter twice, or retrying and discarding it at once, takes effect once;
 * when it dies again it can be settled again.
 *
 * An edit is part of the retry's event: what was received, and what was made of it, stays in the log as it was.
 */
import type { DeadLetter, DeadLetterCommand, DeliveryEdit, EventMetadata, NewEvent, RowEdit } from "@sluice/contracts";
import {
  type Clock,
  type DeadLetterFilter,
  dayOf,
  deliveriesStream,
  EventRejected,
  type EventStore,
  type ProjectionStore,
} from "@sluice/domain";
import type { Logger } from "pino";
import { derivedId } from "../system/ids.ts";
import { BadEdit, type EditRequest, editOf } from "./letter-edit.ts";
import { historyOf } from "./letter-history.ts";

export interface DeadLetterDependencies {
  readonly store: EventStore;
  readonly projection: ProjectionStore;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Settlement {
  readonly kind: "retry" | "discard";
  readonly letters: Pick<DeadLetterCommand, "ids" | "filter">;
  readonly reason?: string | undefined;
  readonly metadata: EventMetadata;
}

const PAGE = 500;

/**
 * Settles every letter that was dead when it began.
 * @returns how many this call has settled, and how many it found
 * @throws EventStoreUnavailable, ProjectionUnavailable: some may be settled; doing it again settles the rest
 */
export const settleDeadLetters = async (
  deps: DeadLetterDependencies,
  settlement: Settlement,
): Promise<{ readonly count: number; readonly found: number }> => {
  const { ids, filter } = settlement.letters;
  const wanted: DeadLetterFilter = { ...filter, ...(ids === undefined ? {} : { ids }) };
  const began = await latestInstant(deps);
  let count = 0;
  let found = 0;
  let after: string | null = null;
  do {
    const page = await deps.projection.deadLetters(wanted, { limit: PAGE, ...(after === null ? {} : { after }) });
    // What is retried may die again before the last page: without this, a filter over a dead endpoint would never end.
    const letters = page.items.filter((letter) => letter.deadAt <= began);
    if (letters.length === 0 && page.items.length > 0) break;
    const settled = await Promise.all(letters.map((letter) => settle(deps, letter, settlement)));
    count += settled.filter(Boolean).length;
    found += letters.length;
    after = page.next;
  } while (after !== null);
  return { count, found };
};

/** The log's time never goes back, so it may be ahead of a clock that was set back. */
const latestInstant = async ({ store, clock }: DeadLetterDependencies): Promise<string> => {
  const { events } = await store.readAll({ limit: 1, direction: "backwards" });
  const recorded = events[0] === undefined ? 0 : Date.parse(events[0].recordedAt);
  return new Date(Math.max(recorded, clock.now())).toISOString();
};

/** Null when there is no such letter. @throws ProjectionUnavailable */
export const findLetter = async (
  { projection }: Pick<DeadLetterDependencies, "projection">,
  id: string,
): Promise<DeadLetter | null> => (await projection.deadLetters({ ids: [id] }, { limit: 1 })).items[0] ?? null;

/**
 * Retries one letter with another content, unless it was settled meanwhile.
 * @returns how many this call has settled: 1, or 0
 * @throws BadEdit, EventStoreUnavailable
 */
export const retryEdited = async (
  deps: Pick<DeadLetterDependencies, "store">,
  letter: DeadLetter,
  request: EditRequest,
  { reason, metadata }: Pick<Settlement, "reason" | "metadata">,
): Promise<number> => {
  const edit = editOf(letter, request, letter.kind === "row" ? await historyOf(letter, deps.store) : null);
  try {
    return (await append(deps, letter, eventOf(letter, { kind: "retry", reason, metadata, edit }))) ? 1 : 0;
  } catch (error) {
    if (!(error instanceof EventRejected)) throw error;
    throw new BadEdit({ pointer: "/edit", keyword: "size", message: "is more than the event log takes" });
  }
};

/** One append a letter: a batch that the log has a part of would be refused as a whole. */
const settle = async (deps: DeadLetterDependencies, letter: DeadLetter, settlement: Settlement) => {
  try {
    return await append(deps, letter, eventOf(letter, settlement));
  } catch (error) {
    if (!(error instanceof EventRejected)) throw error;
    deps.log.warn({ letter: letter.id, err: error }, "dead letter cannot be settled");
    return false;
  }
};

/** @returns whether it was not settled yet */
const append = async (
  { store }: Pick<DeadLetterDependencies, "store">,
  { flow, deadAt }: DeadLetter,
  event: NewEvent,
): Promise<boolean> => {
  const stream = deliveriesStream(flow, dayOf(deadAt));
  const { duplicate } = await store.append([{ stream, expected: "any", events: [event] }]);
  return !duplicate;
};

interface Outcome extends Pick<Settlement, "kind" | "reason" | "metadata"> {
  readonly edit?: DeliveryEdit | RowEdit;
}

const eventOf = (letter: DeadLetter, { kind, reason, metadata, edit }: Outcome): NewEvent => {
  const { flow, messageId, messageNumber, action, attribute } = letter;
  const common = {
    id: derivedId(`settle/${letter.id}/${letter.eventId}/${letter.attempts}`),
    // Who knows nothing of edits would take such a retry for one of the original.
    schemaVersion: edit === undefined ? 1 : 2,
    metadata,
  };
  const data = {
    flow,
    messageId,
    messageNumber,
    action,
    ...(attribute === null ? {} : { attribute }),
    ...(reason === undefined ? {} : { reason }),
  };
  return kind === "retry"
    ? { ...common, type: "DeliveryRetried", data: { ...data, ...(edit === undefined ? {} : { edit }) } }
    : { ...common, type: "DeliveryDiscarded", data };
};
