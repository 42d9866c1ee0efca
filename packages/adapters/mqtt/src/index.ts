export type { MqttSourceOptions, SessionMemory, SourceEnvironment, TlsOptions } from "./config.ts";
export { MqttMessagePublisher } from "./message-publisher.ts";
export { MqttMessageSource } from "./message-source.ts";
export type { MqttPublisherOptions } from "./publisher-config.ts";
