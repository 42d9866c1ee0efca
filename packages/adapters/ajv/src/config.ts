/** Options of the codec and the validator; the defaults suit payloads of devices. */

export interface JsonCodecOptions {
  /** Larger payloads are not looked at. Default 1 MiB, as MAX_PAYLOAD_BYTES. */
  readonly maxBytes?: number;
  /** Deepest nesting of arrays and objects; `[[1]]` has 2. Default 64. */
  readonly maxDepth?: number;
}

export const jsonCodecDefaults: Required<JsonCodecOptions> = { maxBytes: 1_048_576, maxDepth: 64 };

export interface AjvValidatorOptions {
  /** Errors listed for one payload; one more says how many were left out. Default 100. */
  readonly maxErrors?: number;
  /**
   * Values (members, items) up to which an invalid payload is searched for every error; of a larger one only the first
   * error is told, so that a hostile payload cannot buy a second of work with a megabyte. Default 5,000.
   */
  readonly maxSearchedValues?: number;
  /** What the regular expressions of a schema may take on one payload, all together. Default 100 ms. */
  readonly patternBudgetMs?: number;
}

export const ajvValidatorDefaults: Required<AjvValidatorOptions> = {
  maxErrors: 100,
  maxSearchedValues: 5_000,
  patternBudgetMs: 100,
};
