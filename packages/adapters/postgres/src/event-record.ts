/**
 * Records: an event, and with it the StoredAttribute events of the same message that directly follow it. Of these the
 * column `attributes` keeps what the first event and the row do not tell (its form: 0001-event-log.sql). An attribute
 * of which that would not give back every field starts a record of its own.
 */
import type { EventData, NewEvent, RecordedEvent } from "@sluice/contracts";

/** The only type that an event is kept with another one under. */
export const FOLLOWING_TYPE = "StoredAttribute";

/** Where a record ends, so that reading one event does not mean reading thousands. Stated in the view's comment, too. */
export const RECORD_EVENTS = 64;
const RECORD_CHARACTERS = 65_536;

type Attribute = Extract<NewEvent, { type: typeof FOLLOWING_TYPE }>;
type AttributeData = EventData<typeof FOLLOWING_TYPE>;

type StoredMessage = [
  flow: AttributeData["flow"],
  messageNumber: number,
  receivedAt: string,
  deviceTime: string | null,
];
type StoredAttribute = [
  id: string,
  schemaVersion: number,
  action: AttributeData["action"],
  attribute: string,
  valueType: AttributeData["valueType"],
  value: unknown,
  text?: string,
];

/** Fields of a StoredAttribute's data that are always there. */
const REQUIRED_FIELDS = 8;

export const isEmpty = (object: object): boolean => {
  for (const _ in object) return false;
  return true;
};

const isText = (value: unknown): value is string => typeof value === "string";
const isOptionalText = (value: unknown): value is string | undefined => value === undefined || isText(value);

/** Whether `decodeAttributes` gives all of this event back, from a record that starts with `first`. */
const follows = (event: NewEvent, first: NewEvent): event is Attribute => {
  if (event.type !== FOLLOWING_TYPE || (first.type !== "MessageReceived" && first.type !== FOLLOWING_TYPE)) {
    return false;
  }
  const [data, message] = [event.data, first.data];
  const { deviceTime, text, value } = data;
  if (
    data.messageId !== message.messageId ||
    data.flow !== message.flow ||
    data.messageNumber !== message.messageNumber ||
    data.receivedAt !== message.receivedAt ||
    deviceTime !== message.deviceTime
  ) {
    return false;
  }
  const fields = REQUIRED_FIELDS + (deviceTime === undefined ? 0 : 1) + (text === undefined ? 0 : 1);
  return (
    Object.keys(data).length === fields &&
    isText(data.action) &&
    isText(data.attribute) &&
    isText(data.valueType) &&
    isText(data.receivedAt) &&
    isOptionalText(deviceTime) &&
    isOptionalText(text) &&
    value !== undefined &&
    isEmpty(event.metadata)
  );
};

export interface EventRecord {
  readonly first: NewEvent;
  readonly count: number;
  readonly attributes: string | null;
}

/**
 * The records of a run of events of one stream.
 * @param json throws EventRejected on what is no JSON
 * @param check throws EventRejected on an event whose id or schema version is not usable
 */
export function* recordsOf(
  events: readonly NewEvent[],
  json: (value: unknown) => string,
  check: (event: NewEvent) => void,
): Generator<EventRecord> {
  for (let start = 0; start < events.length; ) {
    const first = events[start] as NewEvent;
    check(first);
    let count = 1;
    let attributes = "";
    while (count < RECORD_EVENTS && attributes.length < RECORD_CHARACTERS) {
      const next = events[start + count];
      if (next === undefined || !follows(next, first)) break;
      check(next);
      const { flow, messageNumber, receivedAt, deviceTime, action, attribute, valueType, value, text } = next.data;
      if (attributes === "") {
        const message: StoredMessage = [flow, messageNumber, receivedAt, deviceTime ?? null];
        attributes = json(message).slice(0, -1);
      }
      const stored: StoredAttribute = [next.id, next.schemaVersion, action, attribute, valueType, value];
      if (text !== undefined) stored.push(text);
      attributes += `,${json(stored)}`;
      count++;
    }
    yield { first, count, attributes: count === 1 ? null : `${attributes}]` };
    start += count;
  }
}

/** Ids of the events that follow the first one of a record. */
export const followingIds = (attributes: string | null): readonly string[] =>
  attributes === null ? [] : (JSON.parse(attributes).slice(4) as StoredAttribute[]).map(([id]) => id);

/** What all events of a record share. */
export interface RecordEnvelope {
  readonly stream: string;
  /** Of the first event, as is the position. */
  readonly version: number;
  readonly position: number;
  readonly recordedAt: string;
}

/** The events of a record from place `low` to `high`, 1 at the least, inclusive; in order. */
export const decodeAttributes = (
  attributes: string,
  messageId: string,
  { stream, version, position, recordedAt }: RecordEnvelope,
  low: number,
  high: number,
): readonly RecordedEvent[] => {
  const [flow, messageNumber, receivedAt, deviceTime, ...stored] = JSON.parse(attributes) as [
    ...StoredMessage,
    ...StoredAttribute[],
  ];
  const events: RecordedEvent[] = [];
  for (let place = low; place <= high; place++) {
    const [id, schemaVersion, action, attribute, valueType, value, text] = stored[place - 1] as StoredAttribute;
    const data: { -readonly [Field in keyof AttributeData]: AttributeData[Field] } =
      text === undefined
        ? { flow, messageId, messageNumber, action, attribute, valueType, value, receivedAt }
        : { flow, messageId, messageNumber, action, attribute, valueType, value, text, receivedAt };
    if (deviceTime !== null) data.deviceTime = deviceTime;
    events.push({
      id,
      stream,
      version: version + place,
      position: String(position + place),
      type: FOLLOWING_TYPE,
      schemaVersion,
      data,
      metadata: {},
      recordedAt,
    });
  }
  return events;
};
