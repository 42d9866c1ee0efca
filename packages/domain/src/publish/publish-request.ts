/** What can be published at all, whatever the broker. */
import type { PublishProperties, QoS, ValidationError } from "@sluice/contracts";
import { Findings } from "../flow/findings.ts";
import type { PublishRequest } from "../ports/message-publisher.ts";
import { isValidTopicName, topicTextFault, utf8Length } from "../topic/topic-text.ts";

export interface OutboundMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties?: PublishProperties;
}

export class InvalidPublish extends Error {
  override readonly name = "InvalidPublish";
  /** Pointers are into the request. */
  readonly errors: readonly ValidationError[];
  constructor(errors: readonly ValidationError[]) {
    super(errors.map(({ pointer, message }) => `${pointer.slice(1) || "message"}: ${message}`).join("; "));
    this.errors = errors;
  }
}

export const LOWEST_PRIORITY = 1;
export const DEFAULT_PRIORITY = 5;
export const HIGHEST_PRIORITY = 10;
/** Two bytes of length (MQTT 5, 1.5.4 and 1.5.6). */
const MAXIMUM_TEXT_BYTES = 65_535;
const MAXIMUM_UINT32 = 4_294_967_295;

/** @throws InvalidPublish with all that is wrong */
export const normalisePublish = (
  request: PublishRequest,
  maximumPayloadBytes: number,
): { readonly message: OutboundMessage; readonly priority: number } => {
  const { topic, payload, qos = 1, retain = false, priority = DEFAULT_PRIORITY, properties } = request;
  const findings = new Findings();
  checkTopic(findings, "/topic", topic);
  if (!(payload instanceof Uint8Array)) findings.add("/payload", "type", "must be bytes");
  else if (payload.length > maximumPayloadBytes) {
    findings.add("/payload", "size", `has ${payload.length} bytes, the maximum is ${maximumPayloadBytes}`);
  }
  if (![0, 1, 2].includes(qos)) findings.add("/qos", "enum", "must be 0, 1 or 2");
  if (typeof retain !== "boolean") findings.add("/retain", "type", "must be true or false");
  if (!Number.isInteger(priority) || priority < LOWEST_PRIORITY || priority > HIGHEST_PRIORITY) {
    findings.add("/priority", "range", `must be an integer from ${LOWEST_PRIORITY} to ${HIGHEST_PRIORITY}`);
  }
  if (properties !== undefined) checkProperties(findings, properties);
  if (findings.errors.length > 0) throw new InvalidPublish(findings.errors);
  return { message: { topic, payload, qos, retain, ...(properties && { properties }) }, priority };
};

const checkTopic = (findings: Findings, pointer: string, topic: unknown): void => {
  if (typeof topic !== "string") {
    findings.add(pointer, "type", "must be a text");
    return;
  }
  const fault = topicTextFault(topic);
  if (fault !== null) findings.add(pointer, "topic", fault);
  else if (!isValidTopicName(topic)) findings.add(pointer, "topic", "has a wildcard, + or # [MQTT-3.3.2-2]");
};

const checkText = (findings: Findings, pointer: string, text: unknown): void => {
  if (typeof text !== "string") findings.add(pointer, "type", "must be a text");
  else if (text.includes("\0") || !text.isWellFormed()) {
    findings.add(pointer, "encoding", "must be UTF-8 without the null character [MQTT-1.5.4-1]");
  } else if (utf8Length(text) > MAXIMUM_TEXT_BYTES) {
    findings.add(pointer, "size", `must have ${MAXIMUM_TEXT_BYTES} bytes of UTF-8 at the most`);
  }
};

const checkProperties = (findings: Findings, properties: PublishProperties): void => {
  const { messageExpiryInterval, contentType, responseTopic, correlationData, userProperties = [] } = properties;
  if (
    messageExpiryInterval !== undefined &&
    (!Number.isInteger(messageExpiryInterval) || messageExpiryInterval < 0 || messageExpiryInterval > MAXIMUM_UINT32)
  ) {
    findings.add("/properties/messageExpiryInterval", "range", "must be whole seconds, from 0 to 4294967295");
  }
  if (contentType !== undefined) checkText(findings, "/properties/contentType", contentType);
  if (responseTopic !== undefined) checkTopic(findings, "/properties/responseTopic", responseTopic);
  if (correlationData !== undefined) {
    const { encoding, data } = correlationData;
    const bytes = encoding === "utf8" ? utf8Length(data) : Math.floor((data.length * 3) / 4);
    if (bytes > MAXIMUM_TEXT_BYTES) {
      findings.add("/properties/correlationData", "size", `must have ${MAXIMUM_TEXT_BYTES} bytes at the most`);
    }
  }
  let bytes = 0;
  for (const [index, pair] of userProperties.entries()) {
    for (const [place, text] of pair.entries()) {
      checkText(findings, `/properties/userProperties/${index}/${place}`, text);
      bytes += typeof text === "string" ? utf8Length(text) : 0;
    }
  }
  if (bytes > 1024 * 1024) findings.add("/properties/userProperties", "size", "must have 1 MiB at the most");
};
