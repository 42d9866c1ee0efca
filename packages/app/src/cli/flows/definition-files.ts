/** Flow definitions as files have them: YAML (one, several documents, a list, or under `flows:`) or JSON. */
import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { parseAllDocuments } from "yaml";
import { CommandError } from "../command-error.ts";

export interface WrittenDefinition {
  /** Where it is: the file, and which of several it is. */
  readonly place: string;
  readonly value: unknown;
}

/** @param file `-` is standard input */
export const readDefinitionFile = async (file: string): Promise<readonly WrittenDefinition[]> => {
  const name = file === "-" ? "standard input" : file;
  let content: string;
  try {
    content = file === "-" ? await text(process.stdin) : readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandError(`${name} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  const values = parseDefinitions(name, content);
  return values.map((value, index) => ({
    place: values.length === 1 ? name : `${name}, definition ${index + 1}`,
    value,
  }));
};

/** @throws CommandError when the text is neither JSON nor YAML */
export const parseDefinitions = (name: string, content: string): readonly unknown[] => {
  const documents = parseJson(name, content) ?? parseYaml(name, content);
  return documents.flatMap((document) => {
    if (Array.isArray(document)) return document;
    if (typeof document !== "object" || document === null || !("flows" in document)) return [document];
    return Array.isArray(document.flows) ? document.flows : [document.flows];
  });
};

/** JSON is nearly YAML, but its own parser knows better what is wrong with it. */
const parseJson = (name: string, content: string): readonly unknown[] | undefined => {
  try {
    return [JSON.parse(content)];
  } catch (error) {
    if (!/\.json$/i.test(name)) return undefined;
    throw new CommandError(`${name} is not valid JSON: ${(error as Error).message}`, { cause: error });
  }
};

const parseYaml = (name: string, content: string): readonly unknown[] => {
  const documents = parseAllDocuments(content);
  if (!Array.isArray(documents)) return [];
  const errors = documents.flatMap((document) => document.errors);
  if (errors.length > 0) {
    const lines = errors.map((error) => (error.message.split("\n", 1)[0] as string).replace(/:$/, ""));
    throw new CommandError(`${name} is not valid YAML`, { details: lines });
  }
  try {
    return documents.map((document) => document.toJS()).filter((value) => value !== null);
  } catch (error) {
    throw new CommandError(`${name} is not valid YAML: ${(error as Error).message}`, { cause: error });
  }
};
