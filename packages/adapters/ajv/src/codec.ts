import {
  type DecodedPayload,
  type ExactJsonValue,
  ExactNumber,
  type JsonValue,
  type PayloadCodec,
  setMember,
} from "@sluice/domain";
import { type JsonCodecOptions, jsonCodecDefaults } from "./config.ts";
import { describePlace, JsonError } from "./json-error.ts";
import { JsonParser } from "./json-parser.ts";
import { pointerTo } from "./pointer.ts";

const BYTE_ORDER_MARK = "\uFEFF";

const refuse = (keyword: string, message: string, pointer = ""): DecodedPayload => ({
  ok: false,
  errors: [{ pointer, keyword, message }],
});

/**
 * JSON payloads. What is refused, by keyword:
 *
 * | keyword        | when |
 * |----------------|------|
 * | `size`         | more bytes than `maxBytes` |
 * | `encoding`     | not UTF-8 (RFC 3629: overlong forms and surrogates too), or an escaped lone surrogate in a string |
 * | `depth`        | nested deeper than `maxDepth` |
 * | `duplicateKey` | a member name twice in an object, with equal values too: which one is meant cannot be known |
 * | `json`         | any other departure from RFC 8259, and numbers beyond a double, such as 1e400 |
 *
 * One leading byte order mark is skipped (RFC 8259 §8.1 allows it; some device libraries write one). `\u0000` in a
 * string is valid JSON and kept; a store that cannot hold it has to say so. Members named `__proto__` or `constructor`
 * are data like any other.
 */
export class JsonPayloadCodec implements PayloadCodec {
  readonly #maxBytes: number;
  readonly #parser: JsonParser;
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  constructor(options: JsonCodecOptions = {}) {
    this.#maxBytes = options.maxBytes ?? jsonCodecDefaults.maxBytes;
    this.#parser = new JsonParser(options.maxDepth ?? jsonCodecDefaults.maxDepth);
  }

  decode(payload: Uint8Array): DecodedPayload {
    if (payload.byteLength > this.#maxBytes) {
      return refuse("size", `${payload.byteLength} bytes, at most ${this.#maxBytes} are accepted`);
    }
    let text: string;
    try {
      text = this.#utf8.decode(payload);
    } catch {
      return refuse("encoding", `not valid UTF-8 at byte ${firstInvalidByte(payload)}`);
    }
    if (text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
    try {
      const exact = this.#parser.parse(text);
      return { ok: true, value: this.#parser.hasExactNumbers ? withDoubles(exact) : (exact as JsonValue), exact };
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      return refuse(error.keyword, `${error.message}, at ${describePlace(text, error.offset)}`, pointerTo(error.path));
    }
  }
}

/** The same tree with doubles; parts without an `ExactNumber` are shared, not copied. */
const withDoubles = (exact: ExactJsonValue): JsonValue => {
  if (typeof exact !== "object" || exact === null) return exact;
  if (exact instanceof ExactNumber) return Number(exact.text);
  let differs = false;
  if (Array.isArray(exact)) {
    const items: JsonValue[] = [];
    for (const item of exact as readonly ExactJsonValue[]) {
      const plain = withDoubles(item);
      differs ||= plain !== item;
      items.push(plain);
    }
    return differs ? items : (exact as JsonValue);
  }
  const members = exact as Readonly<Record<string, ExactJsonValue>>;
  const copy: Record<string, JsonValue> = {};
  for (const name of Object.keys(members)) {
    const member = members[name] as ExactJsonValue;
    const plain = withDoubles(member);
    differs ||= plain !== member;
    setMember(copy, name, plain);
  }
  return differs ? copy : (exact as JsonValue);
};

/** Offset of the first byte that a lenient decoder replaces; a U+FFFD that was really sent is passed over. */
const firstInvalidByte = (payload: Uint8Array): number => {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const lenient = bytes.toString("utf8");
  let offset = 0;
  let from = 0;
  for (;;) {
    const at = lenient.indexOf("\uFFFD", from);
    if (at === -1) return bytes.length;
    offset += Buffer.byteLength(lenient.slice(from, at));
    if (bytes.subarray(offset, offset + 3).compare(Buffer.from("\uFFFD")) !== 0) return offset;
    offset += 3;
    from = at + 1;
  }
};
