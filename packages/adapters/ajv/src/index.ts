export { JsonPayloadCodec } from "./codec.ts";
export { type AjvValidatorOptions, ajvValidatorDefaults, type JsonCodecOptions, jsonCodecDefaults } from "./config.ts";
export { AjvPayloadValidator } from "./validator.ts";
