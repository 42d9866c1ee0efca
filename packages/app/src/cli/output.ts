/** Writing to the terminal: stdout for what was asked for, stderr for everything else. */
import { once } from "node:events";
import { styleText } from "node:util";

/** Resolves when there is room again, so that output of any length needs no memory. */
export const print = async (text: string): Promise<void> => {
  if (!process.stdout.write(`${text}\n`)) await once(process.stdout, "drain");
};

export const printJson = (value: unknown): Promise<void> => print(JSON.stringify(value, null, 2));

export const note = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** Coloured where stdout is a terminal and NO_COLOR is not set. */
export const coloured = (format: Parameters<typeof styleText>[0], text: string): string =>
  styleText(format, text, { stream: process.stdout });

/** Text from a device or server, with what would steer a terminal made visible. */
export const harmless = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) =>
    JSON.stringify(character).length > 3
      ? JSON.stringify(character).slice(1, -1)
      : `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, "0")}`,
  );

/** A reader that has seen enough (`| head`) is no error. */
export const ignoreClosedPipe = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
};
