/** The domain: the Flow aggregate, routing, what a message becomes, delivery policies, and the ports. Pure functions. */
export {
  type AccessToken,
  decideToken,
  evolveToken,
  isTokenExpired,
  type TokenCommand,
  TokenExists,
  TokenNotFound,
} from "./access/access-token.ts";
export { isRoleEnough } from "./access/roles.ts";
export {
  type BreakerEvent,
  type BreakerPermits,
  type BreakerState,
  breakerClosed,
  breakerPermits,
  evolveBreaker,
} from "./delivery/circuit-breaker.ts";
export { type DeliveryReference, deliveryId, parseDeliveryId } from "./delivery/delivery-id.ts";
export { type RetryOptions, retryDelayMs } from "./delivery/retry-policy.ts";
export type { ActionDefaults } from "./flow/actions.ts";
export { DEFAULT_BROKER, EVERY_BROKER, isOfBroker } from "./flow/broker.ts";
export { type NormalisedDefinition, normaliseDefinition } from "./flow/definition.ts";
export { isOwnedHeader } from "./flow/endpoint-rules.ts";
export {
  decideFlow,
  evolveFlow,
  evolveTraffic,
  type Fact,
  type FlowCommand,
  FlowExists,
  FlowNotFound,
  type FlowState,
  type FlowStatus,
  type FlowTraffic,
  initialFlow,
  isFolded,
  trafficPart,
} from "./flow/flow.ts";
export { changedColumns, columnNames, type FlowColumn, flowColumnsOf, sameColumns } from "./flow/flow-columns.ts";
export { type MirrorInput, type MirrorStep, mirrorStep } from "./flow/flow-mirror.ts";
export { shownRow } from "./flow/flow-row-errors.ts";
export {
  type CheckRow,
  type FlowTableItem,
  type FlowTablePlan,
  type PlannedFlow,
  planFlowTable,
} from "./flow/flow-table.ts";
export { type NormalisedPayloadSchema, normalisePayloadSchema } from "./flow/payload-schema.ts";
export * from "./integrity/index.ts";
export { appendPointer, resolvePointer } from "./json-pointer.ts";
export {
  type Attribute,
  attributeText,
  extractAttributes,
  plainValue,
  SCALAR_ATTRIBUTE,
  typedNumber,
} from "./message/attributes.ts";
export { canonicalJson } from "./message/canonical-json.ts";
export { isCopyFor } from "./message/copy-for.ts";
export { deviceTimeOf } from "./message/device-time.ts";
export { isExpired } from "./message/expiry.ts";
export { Inbox, type InboxHooks, type InboxLimits } from "./message/inbox.ts";
export { type IncomingMessage, receiveMessage } from "./message/receive-message.ts";
export { RetainedTopics } from "./message/retained.ts";
export { type Breach, findBreaches } from "./message/thresholds.ts";
export { ownMember, setMember } from "./own-member.ts";
export * from "./ports/index.ts";
export { ATTRIBUTE_NAME_LIMIT, attributeNameTooLong } from "./projection/attribute-name.ts";
export { CountChanges } from "./projection/count-changes.ts";
export { CAUSE_LIMIT, causeAttribute, causeOf } from "./projection/dead-letter-cause.ts";
export { type MessageState, messageState, type RowTally, rowLetter } from "./projection/dead-rows.ts";
export { compareKeys, type Key, KeyMerge, type KeyRange, keyRange } from "./projection/key-range.ts";
export { decodeCursor, encodeCursor } from "./projection/page-cursor.ts";
export { parseRowId } from "./projection/row-id.ts";
export { readValue } from "./projection/stored-value.ts";
export { InvalidPublish, normalisePublish, type OutboundMessage } from "./publish/publish-request.ts";
export {
  ACCESS_STREAM,
  auditStream,
  dayOf,
  deliveriesStream,
  flowStream,
  parseStream,
  replayStream,
  type StreamCategory,
  tableStream,
  trafficStream,
} from "./streams.ts";
export {
  BadTopicFilter,
  type Capture,
  capturesOf,
  matchesFilter,
  parseTopicFilter,
  type TopicFilter,
} from "./topic/filter.ts";
export { type LevelFormat, levelFormats, normaliseMac } from "./topic/level-formats.ts";
export { type TopicDifference, topicDifference } from "./topic/near-miss.ts";
export { RoutingTrie } from "./topic/routing-trie.ts";
export { isValidTopicName } from "./topic/topic-text.ts";
