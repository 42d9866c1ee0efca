/** Puts the examples where readers of the OpenAPI document look for them: at parameters, bodies and answers. */
import { answerExamples, parameterExamples, schemaExamples } from "./examples/index.ts";

interface Schema {
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
}
interface Media {
  readonly schema?: Schema;
  example?: unknown;
}
type Content = Readonly<Record<string, Media>> | undefined;
interface Parameter {
  readonly name: string;
  example?: unknown;
}
interface Operation {
  readonly operationId?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content?: Content };
  readonly responses?: Readonly<Record<string, { readonly content?: Content }>>;
}

const exampleOf = ({ $ref, anyOf }: Schema): unknown => {
  if ($ref !== undefined) return schemaExamples[$ref.slice($ref.lastIndexOf("/") + 1)];
  return anyOf?.map(exampleOf).find((example) => example !== undefined);
};

const addTo = (content: Content, ofOperation?: unknown): void => {
  for (const media of Object.values(content ?? {})) {
    const example = exampleOf(media.schema ?? {}) ?? ofOperation;
    if (example !== undefined) media.example ??= example;
  }
};

/** @param paths of the document, which gets the examples that it has none of */
export const addExamples = (paths: object): void => {
  for (const [path, methods] of Object.entries(paths)) {
    for (const operation of Object.values(methods as Readonly<Record<string, Operation>>)) {
      for (const parameter of operation.parameters ?? []) {
        const { name } = parameter;
        const example = parameterExamples[`${path} ${name}`] ?? parameterExamples[name];
        if (example !== undefined) parameter.example ??= example;
      }
      addTo(operation.requestBody?.content);
      for (const [status, { content }] of Object.entries(operation.responses ?? {})) {
        if (status.startsWith("2")) addTo(content, answerExamples[operation.operationId ?? ""]);
      }
    }
  }
};
