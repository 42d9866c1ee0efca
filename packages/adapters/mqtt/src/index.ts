export type { MqttSourceOptions, SessionMemory, SourceEnvironment, TlsOptions } from "./config.ts";
export { MqttMessageSource } from "./message-source.ts";
