/** Why a text is no JSON that can be kept, named as `ValidationError.keyword` names it. */
export type JsonFault = "json" | "encoding" | "duplicateKey" | "depth";

/** What is wrong with a text, and where. */
export class JsonError extends Error {
  override readonly name = "JsonError";
  readonly keyword: JsonFault;
  /** In UTF-16 code units of the text. */
  readonly offset: number;
  /** Names and indexes from the root to the value that is at fault; stays empty for a fault of the syntax. */
  readonly path: (string | number)[] = [];
  readonly #hasPath: boolean;

  constructor(keyword: JsonFault, message: string, offset: number, hasPath: boolean) {
    super(message);
    this.keyword = keyword;
    this.offset = offset;
    this.#hasPath = hasPath;
  }

  /** Called by every array and object on the way out. */
  within(token: string | number): this {
    if (this.#hasPath) this.path.unshift(token);
    return this;
  }
}

/** `line 2, column 7 (byte 31)`; line and column from 1, the column in UTF-16 code units, bytes from 0 without a BOM. */
export const describePlace = (text: string, offset: number): string => {
  const before = text.slice(0, offset);
  let line = 1;
  let lineStart = 0;
  for (let at = before.indexOf("\n"); at !== -1; at = before.indexOf("\n", lineStart)) {
    line++;
    lineStart = at + 1;
  }
  return `line ${line}, column ${offset - lineStart + 1} (byte ${Buffer.byteLength(before)})`;
};

/** What stands at the offset, for a message. */
export const describeFound = (text: string, offset: number): string => {
  const codePoint = text.codePointAt(offset);
  return codePoint === undefined ? "the end" : JSON.stringify(String.fromCodePoint(codePoint));
};
