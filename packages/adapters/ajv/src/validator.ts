import type { ValidationError } from "@sluice/contracts";
import { BadSchema, type JsonValue, type PayloadValidator, type Validate } from "@sluice/domain";
import type { ValidateFunction } from "ajv";
import { Ajv2020, MissingRefError } from "ajv/dist/2020.js";
import { fullFormats } from "ajv-formats/dist/formats.js";
import { type AjvValidatorOptions, ajvValidatorDefaults } from "./config.ts";
import { more, toErrorList, toValidationError } from "./error-list.ts";
import { askOwnMembersOnly, replaceKeywords } from "./keywords.ts";
import { PatternBudget, PatternTimeout } from "./pattern.ts";
import { checkSchema, DIALECT, type Reference } from "./schema-check.ts";

type Schema = Parameters<PayloadValidator["compile"]>[0];

/** All of ajv-formats but `url`, which takes time in the square of a string's length and is no format of JSON Schema. */
const { url: _, ...formats } = fullFormats;
const formatNames: ReadonlySet<string> = new Set(Object.keys(formats));

/**
 * JSON Schema 2020-12 by ajv.
 *
 * - Payloads are judged as they are: no coercion, no defaults, nothing removed.
 * - Only own members count: `required: ["toString"]` is not met by every object.
 * - Nothing is loaded: a `$ref` leads into the schema itself. Every schema is compiled by an ajv of its own, so two
 *   flows may use one `$id` (0.3 ms a schema).
 * - `multipleOf` is decimal. Numbers are judged as doubles; a 20-digit integer is judged by its nearest double.
 * - A pointer goes to the value at fault; for a missing or surplus member, to that member.
 * - The first verdict stops at the first error; only an invalid payload is searched for all of them, and only while
 *   it is small (`maxSearchedValues`). Of a long list the first `maxErrors` are kept, and one error of keyword `more`.
 */
export class AjvPayloadValidator implements PayloadValidator {
  readonly #options: Required<AjvValidatorOptions>;
  #metaSchema: ValidateFunction | undefined;

  constructor(options: AjvValidatorOptions = {}) {
    this.#options = { ...ajvValidatorDefaults, ...options };
  }

  compile(schema: Schema): Validate {
    try {
      // a copy: the caller's may change before the search for all errors is compiled
      return this.#compile(structuredClone(schema));
    } catch (error) {
      if (error instanceof BadSchema) throw error;
      // a schema so deep that the copy or the meta-schema ran out of stack
      throw new BadSchema([{ pointer: "", keyword: "schema", message: (error as Error).message }]);
    }
  }

  #compile(schema: Schema): Validate {
    const { errors, references } = checkSchema(schema, formatNames);
    // what is too deep for the walk is too deep for ajv
    const tooDeep = errors.some((error) => error.keyword === "depth");
    const faults = [...(tooDeep ? [] : this.#checkTypes(schema)), ...errors];
    if (faults.length > 0) throw new BadSchema(faults);

    const { maxErrors, maxSearchedValues, patternBudgetMs } = this.#options;
    const budget = new PatternBudget(patternBudgetMs);
    const isValid = generateOrRefuse(schema, budget, references);
    let search: ValidateFunction | undefined;
    return (value) => {
      try {
        budget.reset();
        if (isValid(value)) return [];
        const first = takeErrors(isValid).slice(0, 1);
        if (hasMoreValuesThan(value, maxSearchedValues)) {
          return [
            ...first.map(toValidationError),
            more(`the payload has more than ${maxSearchedValues} values and was not searched for other errors`),
          ];
        }
        search ??= generate(schema, true, budget);
        budget.reset();
        search(value);
        const all = takeErrors(search);
        return toErrorList(all.length > 0 ? all : first, maxErrors);
      } catch (error) {
        if (error instanceof PatternTimeout) return [{ pointer: "", keyword: "pattern", message: error.message }];
        return [
          { pointer: "", keyword: "schema", message: `the schema cannot be applied: ${(error as Error).message}` },
        ];
      }
    };
  }

  #checkTypes(schema: Schema): ValidationError[] {
    // compiled at the first use: 25 ms
    this.#metaSchema ??= new Ajv2020({ strict: false, allErrors: true, verbose: true }).getSchema(DIALECT);
    const check = this.#metaSchema;
    if (check === undefined || check(schema)) return [];
    // one reason for each place is enough: a wrong `type` fails in five ways, and in every vocabulary again
    const byPlace = new Map<string, ValidationError>();
    for (const error of takeErrors(check).map(toValidationError)) {
      if (!byPlace.has(error.pointer)) byPlace.set(error.pointer, error);
    }
    return [...byPlace.values()];
  }
}

const generate = (schema: Schema, allErrors: boolean, budget: PatternBudget): ValidateFunction => {
  const ajv = new Ajv2020({
    allErrors,
    strict: false,
    meta: false,
    validateSchema: false,
    ownProperties: true,
    verbose: true,
    logger: false,
    formats,
    code: { regExp: budget.engine, process: askOwnMembersOnly },
  });
  replaceKeywords(ajv);
  return ajv.compile(schema);
};

/** @throws BadSchema */
const generateOrRefuse = (
  schema: Schema,
  budget: PatternBudget,
  references: readonly Reference[],
): ValidateFunction => {
  try {
    const isValid = generate(schema, false, budget);
    // { "$ref": "#" } and the like compile, and overflow the stack on any value
    for (const probe of [null, 0, "", [], {}]) isValid(probe);
    isValid.errors = null;
    return isValid;
  } catch (error) {
    throw new BadSchema(explain(error, schema, references));
  }
};

/**
 * Why ajv could not compile. It names one dead reference at a time, so each is taken out of the schema, which nobody
 * will use any more, to come upon the next.
 */
const explain = (error: unknown, schema: Schema, references: readonly Reference[]): ValidationError[] => {
  const fault = (keyword: string, message: string, pointer = ""): ValidationError => ({ pointer, keyword, message });
  if (error instanceof RangeError) return [fault("$ref", "the schema refers to itself without end")];
  if (!(error instanceof MissingRefError)) return [fault("schema", (error as Error).message)];
  const dead = references.filter(({ target }) => error.missingRef.endsWith(target));
  if (dead.length === 0) return [fault("$ref", error.message)];
  const errors = dead.map(({ pointer, target }) =>
    fault(
      "$ref",
      `${JSON.stringify(target)} leads nowhere in the schema, and nothing is loaded from elsewhere`,
      pointer,
    ),
  );
  for (const { holder } of dead) delete holder.$ref;
  try {
    generate(schema, false, new PatternBudget(0));
    return errors;
  } catch (next) {
    const rest = references.filter((reference) => !dead.includes(reference));
    return [...errors, ...explain(next, schema, rest)];
  }
};

/** Reads the errors and lets go of them: they hold on to the payload. */
const takeErrors = (validate: ValidateFunction) => {
  const errors = validate.errors ?? [];
  validate.errors = null;
  return errors;
};

const hasMoreValuesThan = (value: JsonValue, limit: number): boolean => {
  let count = 0;
  const visit = (item: JsonValue): boolean => {
    if (++count > limit) return true;
    return typeof item === "object" && item !== null && Object.values(item).some(visit);
  };
  return visit(value);
};
