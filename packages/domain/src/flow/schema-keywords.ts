/** The keywords of JSON Schema 2020-12, by the vocabulary that defines them. */
const keywords: ReadonlySet<string> = new Set([
  // Core
  ...["$schema", "$id", "$ref", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary", "$comment", "$defs"],
  // Applicator
  ...["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "prefixItems", "items", "contains"],
  ...["properties", "patternProperties", "additionalProperties", "propertyNames"],
  // Unevaluated
  ...["unevaluatedItems", "unevaluatedProperties"],
  // Validation
  ...["type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"],
  ...["maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains"],
  ...["maxProperties", "minProperties", "required", "dependentRequired"],
  // Format, content and meta-data
  ...["format", "contentEncoding", "contentMediaType", "contentSchema"],
  ...["title", "description", "default", "deprecated", "readOnly", "writeOnly", "examples"],
  // Of earlier drafts; the 2020-12 meta-schema still lists them as deprecated
  ...["definitions", "dependencies", "$recursiveAnchor", "$recursiveRef"],
]);

export const isSchemaKeyword = (name: string): boolean => keywords.has(name);
