/** The edit of one letter as a command line gives it. */
import { isUtf8 } from "node:buffer";
import { CommandError } from "../command-error.ts";
import { readPayload } from "../payload.ts";

export interface EditFlags {
  readonly editFile?: string;
  readonly set?: readonly string[];
}

/**
 * The request's `edit` as JSON text: the value of a row goes as it was written, so that 1.50 stays 1.50. Null: none.
 * @throws CommandError
 */
export const editText = async ({ editFile, set }: EditFlags): Promise<string | null> => {
  if (editFile === undefined && set === undefined) return null;
  const members: string[] = [];
  if (editFile !== undefined) {
    const bytes = await readPayload(editFile === "-" ? "-" : `@${editFile}`);
    members.push(
      isUtf8(bytes)
        ? `"payload":${JSON.stringify(bytes.toString("utf8"))}`
        : `"payloadBase64":"${bytes.toString("base64")}"`,
    );
  }
  const given = new Set<string>();
  for (const setting of set ?? []) {
    const { name, value } = settingOf(setting);
    if (given.has(name)) throw new CommandError(`--set ${name}= is given twice`, { exitCode: 2 });
    given.add(name);
    members.push(`"${name}":${name === "value" ? jsonOf(value) : JSON.stringify(value)}`);
  }
  return `{${members.join(",")}}`;
};

const settingOf = (text: string): { readonly name: "attribute" | "value"; readonly value: string } => {
  const [, name, value] = /^(attribute|value)=(.*)$/s.exec(text) ?? [];
  if (value !== undefined) return { name: name as "attribute" | "value", value };
  throw new CommandError(`--set ${JSON.stringify(text)}: it wants attribute=<name> or value=<JSON>`, { exitCode: 2 });
};

const jsonOf = (text: string): string => {
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw new CommandError(`--set value=: ${JSON.stringify(text)} is no JSON: ${(error as Error).message}`, {
      exitCode: 2,
      hint: `a text has quotes: --set 'value=${JSON.stringify(text)}'`,
    });
  }
};
