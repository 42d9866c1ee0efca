/**
 * A schema that takes the same values and whose errors tell more. Of an `anyOf` that fails, JSON Schema reports what is
 * wrong with the value under every branch; of an action with a misspelt member one would read what each of the other
 * types of action lacks.
 */
type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const mapValues = (schemas: Schema): Schema =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, telling(schema)]));

const propertiesOf = (branch: Schema): Schema => (isSchema(branch.properties) ? branch.properties : {});
const constOf = (branch: Schema, property: string): unknown => {
  const schema = propertiesOf(branch)[property];
  return isSchema(schema) ? schema.const : undefined;
};

/** The property whose constant says which of the branches is meant. */
const discriminatorOf = (branches: readonly Schema[]): string | undefined =>
  Object.keys(propertiesOf(branches[0] ?? {})).find((property) => {
    const constants = new Set(branches.map((branch) => constOf(branch, property)));
    return constants.size === branches.length && !constants.has(undefined);
  });

const annotations: ReadonlySet<string> = new Set(["description", "default", "examples", "title"]);

/** A union within a union is no more than more branches. */
const flattened = (branches: readonly Schema[]): readonly Schema[] =>
  branches.flatMap(({ anyOf, ...rest }) =>
    Array.isArray(anyOf) && Object.keys(rest).every((keyword) => annotations.has(keyword))
      ? flattened(anyOf as Schema[])
      : [anyOf === undefined ? rest : { ...rest, anyOf }],
  );

const tellingUnion = (branches: readonly Schema[]): Schema => {
  if (branches.every((branch) => "const" in branch)) return { enum: branches.map((branch) => branch.const) };

  const discriminator = discriminatorOf(branches);
  if (discriminator !== undefined) {
    const name = discriminator;
    const isOf = (value: unknown): Schema => ({
      type: "object",
      required: [name],
      properties: { [name]: { const: value } },
    });
    const constants = branches.map((branch) => constOf(branch, name));
    return {
      type: "object",
      required: [name],
      properties: { [name]: { enum: constants } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema; nothing awaits a schema
      allOf: branches.map((branch, index) => ({ if: isOf(constants[index]), then: telling(branch) })),
    };
  }

  // What else a branch says holds for values of its type only, so it can stand beside the others.
  const types = new Set(branches.map((branch) => branch.type));
  if (types.size === branches.length && [...types].every((type) => typeof type === "string")) {
    const rest = branches.map((branch) => telling(branch) as Schema);
    return Object.assign({}, ...rest, { type: [...types] });
  }
  return { anyOf: branches.map(telling) };
};

const telling = (schema: unknown): unknown => {
  if (!isSchema(schema)) return schema;
  const { $id: _, anyOf, ...rest } = schema;
  const result: Record<string, unknown> = { ...rest };
  for (const keyword of ["properties", "patternProperties"]) {
    const schemas = result[keyword];
    if (isSchema(schemas)) result[keyword] = mapValues(schemas);
  }
  for (const keyword of ["items", "additionalProperties"]) {
    if (keyword in result) result[keyword] = telling(result[keyword]);
  }
  return Array.isArray(anyOf) ? { ...tellingUnion(flattened(anyOf as Schema[])), ...result } : result;
};

/** @param schema without references */
export const tellingSchema = (schema: object): Schema => telling(schema) as Schema;
