export type { EmbeddedBrokerOptions, EmbeddedSourceOptions } from "./config.ts";
export { EmbeddedBroker, type EmbeddedBrokerStatus, type PublishReceiver } from "./embedded-broker.ts";
export { EmbeddedBrokerSource } from "./message-source.ts";
