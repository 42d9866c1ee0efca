/**
 * A strict JSON parser (RFC 8259; RFC 7493 §2.1 and §2.3 on lone surrogates and repeated names) that loses nothing: a
 * number whose text a double would not give back becomes an `ExactNumber`.
 *
 * Why not a library: JSON.parse hides repeated names and the text of numbers; lossless-json 4.3.3 accepts a repeated
 * name when its values are equal, and knows no limit of depth. One pass here answers all of it in the time of
 * JSON.parse (test/bench/payload.ts), about a third of what lossless-json takes.
 */
import { type ExactJsonValue, ExactNumber, setMember } from "@sluice/domain";
import { describeFound, JsonError } from "./json-error.ts";

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPENING_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSING_BRACKET = 0x5d;
const SMALL_E = 0x65;
const SMALL_F = 0x66;
const SMALL_N = 0x6e;
const SMALL_T = 0x74;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** Decimal digits that a double always gives back (DBL_DIG). */
const EXACT_DIGITS = 15;
const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;
const powersOfTen = Array.from({ length: EXACT_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

const escapes: Readonly<Record<string, string>> = Object.freeze({
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
});

export class JsonParser {
  /** Whether the text parsed last has a number that became an `ExactNumber`. */
  hasExactNumbers = false;
  #text = "";
  #at = 0;
  readonly #maxDepth: number;

  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
  }

  /** @throws JsonError */
  parse(text: string): ExactJsonValue {
    this.#text = text;
    this.#at = 0;
    this.hasExactNumbers = false;
    const value = this.#value(0);
    this.#skipSpace();
    if (this.#at < text.length) this.#expected("the end");
    return value;
  }

  /** @returns the code unit that follows the white space; NaN at the end */
  #skipSpace(): number {
    const text = this.#text;
    let code = text.charCodeAt(this.#at);
    while (code === SPACE || code === LINE_FEED || code === CARRIAGE_RETURN || code === TAB) {
      code = text.charCodeAt(++this.#at);
    }
    return code;
  }

  #value(depth: number): ExactJsonValue {
    switch (this.#skipSpace()) {
      case QUOTE:
        return this.#string();
      case OPENING_BRACE:
        return this.#object(depth + 1);
      case OPENING_BRACKET:
        return this.#array(depth + 1);
      case SMALL_T:
        return this.#literal("true", true);
      case SMALL_F:
        return this.#literal("false", false);
      case SMALL_N:
        return this.#literal("null", null);
      default:
        return this.#number();
    }
  }

  #literal<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#expected("a value");
    this.#at += word.length;
    return value;
  }

  #object(depth: number): ExactJsonValue {
    const object: Record<string, ExactJsonValue> = {};
    let next = this.#open(depth);
    let name: string | undefined;
    try {
      while (next !== CLOSING_BRACE) {
        name = undefined;
        if (this.#skipSpace() !== QUOTE) this.#expected("a member name in quotes");
        const start = this.#at;
        name = this.#string();
        if (Object.hasOwn(object, name)) {
          throw new JsonError("duplicateKey", "the member name appears twice", start, true);
        }
        if (this.#skipSpace() !== COLON) this.#expected('":"');
        this.#at++;
        const value = this.#value(depth);
        // setMember alone would do; this is its own call site for the engine, and 10 % faster
        if (name === "__proto__") setMember(object, name, value);
        else object[name] = value;
        next = this.#skipSpace();
        if (next === COMMA) this.#at++;
        else if (next !== CLOSING_BRACE) this.#expected('"," or "}"');
      }
    } catch (error) {
      throw error instanceof JsonError && name !== undefined ? error.within(name) : error;
    }
    this.#at++;
    return object;
  }

  #array(depth: number): ExactJsonValue {
    const array: ExactJsonValue[] = [];
    let next = this.#open(depth);
    try {
      while (next !== CLOSING_BRACKET) {
        array.push(this.#value(depth));
        next = this.#skipSpace();
        if (next === COMMA) this.#at++;
        else if (next !== CLOSING_BRACKET) this.#expected('"," or "]"');
      }
    } catch (error) {
      throw error instanceof JsonError ? error.within(array.length) : error;
    }
    this.#at++;
    return array;
  }

  #open(depth: number): number {
    if (depth > this.#maxDepth) {
      throw new JsonError("depth", `nested more than ${this.#maxDepth} deep`, this.#at, false);
    }
    this.#at++;
    return this.#skipSpace();
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let at = start;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.#at = at + 1;
        return text.slice(start, at);
      }
      // written so that NaN, the end of the text, leaves the loop too
      if (code === BACKSLASH || !(code >= SPACE)) break;
      at++;
    }
    this.#at = at;
    return this.#stringWithEscapes(start);
  }

  /** @param start of the contents; `#at` is the first escape, or where the string breaks off */
  #stringWithEscapes(start: number): string {
    const text = this.#text;
    const parts: string[] = [];
    let copied = start;
    let surrogates = false;
    for (;;) {
      const code = text.charCodeAt(this.#at);
      if (code === QUOTE) break;
      if (!(code >= SPACE)) this.#expected("the end of the string");
      if (code !== BACKSLASH) {
        this.#at++;
        continue;
      }
      parts.push(text.slice(copied, this.#at));
      const letter = text[this.#at + 1] ?? "";
      const plain = escapes[letter];
      if (plain !== undefined) {
        parts.push(plain);
        this.#at += 2;
      } else {
        const digits = text.slice(this.#at + 2, this.#at + 6);
        if (letter !== "u" || !/^[0-9A-Fa-f]{4}$/.test(digits)) {
          throw new JsonError("json", "no valid escape", this.#at, false);
        }
        const unit = Number.parseInt(digits, 16);
        surrogates ||= unit >= 0xd800 && unit <= 0xdfff;
        parts.push(String.fromCharCode(unit));
        this.#at += 6;
      }
      copied = this.#at;
    }
    parts.push(text.slice(copied, this.#at));
    this.#at++;
    const result = parts.join("");
    if (surrogates && !result.isWellFormed()) {
      throw new JsonError("encoding", "the string has a lone surrogate, which is no character", start - 1, true);
    }
    return result;
  }

  #number(): number | ExactNumber {
    const text = this.#text;
    const start = this.#at;
    let code = text.charCodeAt(start);
    const negative = code === MINUS;
    if (negative) code = text.charCodeAt(++this.#at);
    if (!isDigit(code)) this.#expected(negative ? "a digit" : "a value");

    const leadingZero = code === ZERO;
    let digits = code - ZERO;
    let lastDigit = 1;
    for (code = text.charCodeAt(++this.#at); isDigit(code); code = text.charCodeAt(++this.#at)) {
      if (leadingZero) throw new JsonError("json", "a number has a leading zero", start, false);
      digits = digits * 10 + (code - ZERO);
    }
    let decimals = 0;
    if (code === DOT) {
      const point = this.#at;
      for (code = text.charCodeAt(++this.#at); isDigit(code); code = text.charCodeAt(++this.#at)) {
        lastDigit = code - ZERO;
        digits = digits * 10 + lastDigit;
      }
      decimals = this.#at - point - 1;
      if (decimals === 0) this.#expected("a digit");
    }
    const hasExponent = (code | SPACE) === SMALL_E;
    if (hasExponent) {
      code = text.charCodeAt(++this.#at);
      if (code === PLUS || code === MINUS) code = text.charCodeAt(++this.#at);
      if (!isDigit(code)) this.#expected("a digit");
      while (isDigit(code)) code = text.charCodeAt(++this.#at);
    }
    // Digits and power of ten are exact doubles here, so the quotient is the nearest double (IEEE 754 §5.4.1), and its
    // shortest text is this one: no trailing zero, no exponent needed (ECMA-262 Number::toString).
    if (this.#at - start <= EXACT_DIGITS && lastDigit !== 0 && !hasExponent) {
      const value = decimals === 0 ? digits : digits / (powersOfTen[decimals] ?? Number.NaN);
      if (value >= 1e-6 || (value === 0 && decimals === 0 && !negative)) return negative ? -value : value;
    }
    return this.#slowNumber(start);
  }

  #slowNumber(start: number): number | ExactNumber {
    const literal = this.#text.slice(start, this.#at);
    const value = Number(literal);
    if (!Number.isFinite(value)) throw new JsonError("json", "the number is out of the range of a double", start, true);
    if (String(value) === literal) return value;
    this.hasExactNumbers = true;
    return new ExactNumber(literal);
  }

  #expected(what: string): never {
    throw new JsonError("json", `expected ${what}, found ${describeFound(this.#text, this.#at)}`, this.#at, false);
  }
}
