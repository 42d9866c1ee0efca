/**
 * From bytes to a value, and from a schema to a verdict.
 *
 * Protocol. `decode` is called once a message whatever the number of flows. `compile` is called once a definition and
 * may be slow; the function that it returns is called for every message and must neither throw nor keep state.
 */
import type { ValidationError } from "@sluice/contracts";

/** A JSON number whose exact text an IEEE 754 double would not give back (1.0, 1e3, -0, more than 15 digits …). */
export class ExactNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
/** The same tree with `ExactNumber` wherever a plain number would lose the text. */
export type ExactJsonValue =
  | ExactNumber
  | null
  | boolean
  | number
  | string
  | readonly ExactJsonValue[]
  | { readonly [key: string]: ExactJsonValue };

export type DecodedPayload =
  | { readonly ok: true; readonly value: JsonValue; readonly exact: ExactJsonValue }
  | { readonly ok: false; readonly errors: readonly [ValidationError, ...ValidationError[]] };

export interface PayloadCodec {
  /** Never throws: bytes that cannot be decoded are a verdict. */
  decode(payload: Uint8Array): DecodedPayload;
}

/** Every error of the value; empty when it is valid. */
export type Validate = (value: JsonValue) => readonly ValidationError[];

export interface PayloadValidator {
  /**
   * @param schema JSON Schema 2020-12
   * @throws BadSchema with every reason for which it cannot be compiled
   */
  compile(schema: boolean | Readonly<Record<string, unknown>>): Validate;
}

export class BadSchema extends Error {
  override readonly name = "BadSchema";
  readonly errors: readonly ValidationError[];
  constructor(errors: readonly ValidationError[]) {
    super(errors.map((error) => `${error.pointer || "/"}: ${error.message}`).join("; "));
    this.errors = errors;
  }
}
