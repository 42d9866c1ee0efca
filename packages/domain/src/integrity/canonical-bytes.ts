/**
 * Canonical JSON (RFC 8785) from JSON text, bytes to bytes: members are put in order, and nothing else is changed.
 *
 * It takes only text in which everything but the order is canonical already, as `JSON.stringify` writes nearly all of
 * it, and says of all other that it cannot tell: white space, escapes that are longer than they need be, numbers that
 * JavaScript writes otherwise, members that stand twice. So what it writes is exactly what `canonicalJson` makes of the
 * parsed text, given that the text is UTF-8. Invalid text is never taken for valid.
 */

/** What is returned where only parsing can tell. */
export const CANNOT_TELL = -1;

const [QUOTE, BACKSLASH, COMMA, COLON, MINUS, POINT, ZERO, NINE] = [0x22, 0x5c, 0x2c, 0x3a, 0x2d, 0x2e, 0x30, 0x39];
const [BRACE, END_BRACE, BRACKET, END_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];
const SPACE = 0x20;
/** First byte of U+E000 in UTF-8: names with that or more sort otherwise in UTF-16, which RFC 8785 goes by. */
const PRIVATE_USE = 0xee;

const MOST_DEPTH = 16;
const MOST_MEMBERS = 128;
/** Digits that every decimal keeps on its way through a double. */
const EXACT_DIGITS = 15;
/** A fraction with more leading zeros is written with an exponent. */
const FRACTION_DIGITS = 6;
const LONGEST_NUMBER = 25;
/** Bytes from which on the engine's own copying is faster than a loop. */
const LONG = 64;

const LITERALS = ["true", "false", "null"].map((text) => Array.from(text, (letter) => letter.charCodeAt(0)));

const isShortEscape = new Uint8Array(256);
for (const letter of '"\\bfnrt') isShortEscape[letter.charCodeAt(0)] = 1;

const isInNumber = new Uint8Array(256);
for (const letter of "0123456789+-.eE") isInNumber[letter.charCodeAt(0)] = 1;

/** Cells of a member: its start, its name's end and its end. */
const CELLS = 3;

export class CanonicalBytes {
  /** What was written, up to `at`. */
  out: Uint8Array = new Uint8Array(1 << 16);
  at = 0;
  #depth = 0;
  /** A stretch for each depth. */
  readonly #members = new Int32Array(MOST_DEPTH * MOST_MEMBERS * CELLS);
  /** How the last object of so many members at a depth was sorted: nearly always the next one is sorted the same way. */
  readonly #orders: (Int32Array | undefined)[] = [];

  /** Makes room for so many bytes more; what is written of text is never longer than the text. */
  reserve(bytes: number): void {
    if (this.at + bytes <= this.out.length) return;
    const grown = new Uint8Array(Math.max(this.out.length * 2, this.at + bytes));
    grown.set(this.out.subarray(0, this.at));
    this.out = grown;
  }

  byte(value: number): void {
    this.out[this.at++] = value;
  }

  copy(input: Uint8Array, from: number, end: number): void {
    const { out } = this;
    let { at } = this;
    if (end - from > LONG) {
      out.set(input.subarray(from, end), at);
      at += end - from;
    } else for (let index = from; index < end; index++) out[at++] = input[index] as number;
    this.at = at;
  }

  /** Writes the value that begins there; returns where it ends, or `CANNOT_TELL`, and then what was written is void. */
  value(input: Uint8Array, from: number): number {
    const first = input[from];
    if (first !== BRACE && first !== BRACKET) {
      const end = this.#skip(input, from);
      if (end >= 0) this.copy(input, from, end);
      return end;
    }
    if (this.#depth === MOST_DEPTH) return CANNOT_TELL;
    this.#depth++;
    const end = first === BRACE ? this.#object(input, from) : this.#list(input, from);
    this.#depth--;
    return end;
  }

  #list(input: Uint8Array, from: number): number {
    this.byte(BRACKET);
    let index = from + 1;
    if (input[index] === END_BRACKET) {
      this.byte(END_BRACKET);
      return index + 1;
    }
    for (;;) {
      index = this.value(input, index);
      if (index < 0) return CANNOT_TELL;
      const next = input[index++];
      if (next !== COMMA && next !== END_BRACKET) return CANNOT_TELL;
      this.byte(next);
      if (next === END_BRACKET) return index;
    }
  }

  #object(input: Uint8Array, from: number): number {
    const members = this.#members;
    const base = (this.#depth - 1) * MOST_MEMBERS * CELLS;
    let index = from + 1;
    if (input[index] === END_BRACE) {
      this.byte(BRACE);
      this.byte(END_BRACE);
      return index + 1;
    }
    let count = 0;
    for (;;) {
      if (count === MOST_MEMBERS) return CANNOT_TELL;
      const cell = base + count++ * CELLS;
      members[cell] = index;
      index = nameEnd(input, index);
      if (index < 0 || input[index] !== COLON) return CANNOT_TELL;
      members[cell + 1] = index;
      index = this.#skip(input, index + 1);
      if (index < 0) return CANNOT_TELL;
      members[cell + 2] = index;
      const next = input[index++];
      if (next === END_BRACE) break;
      if (next !== COMMA) return CANNOT_TELL;
    }
    return this.#sorted(input, base, count) ? index : CANNOT_TELL;
  }

  /** Writes the members at that base of the table. */
  #sorted(input: Uint8Array, base: number, count: number): boolean {
    const members = this.#members;
    const kind = this.#depth * (MOST_MEMBERS + 1) + count;
    this.#orders[kind] ??= Int32Array.from({ length: count }, (_, place) => place);
    const order = this.#orders[kind];
    for (let place = 1; place < count; place++) {
      const moved = order[place] as number;
      let [to, compared] = [place, -1];
      for (; to > 0; to--) {
        const before = order[to - 1] as number;
        compared = compareNames(input, members, base + before * CELLS, base + moved * CELLS);
        if (compared <= 0) break;
        order[to] = before;
      }
      order[to] = moved;
      if (compared === 0) return false;
    }
    for (let place = 0; place < count; place++) {
      this.byte(place === 0 ? BRACE : COMMA);
      const cell = base + (order[place] as number) * CELLS;
      const value = (members[cell + 1] as number) + 1;
      const first = input[value];
      if (first === BRACE || first === BRACKET) {
        this.copy(input, members[cell] as number, value);
        if (this.value(input, value) < 0) return false;
      } else this.copy(input, members[cell] as number, members[cell + 2] as number);
    }
    this.byte(END_BRACE);
    return true;
  }

  /** Where a value ends. What is in objects and lists is looked at when it is written. */
  #skip(input: Uint8Array, from: number): number {
    const first = input[from] as number;
    if (first === QUOTE) return textEnd(input, from);
    if (first === BRACE || first === BRACKET) return nestedEnd(input, from);
    if (first === MINUS || isDigit(first)) return numberEnd(input, from);
    for (const literal of LITERALS) {
      if (literal.every((letter, place) => input[from + place] === letter)) return from + literal.length;
    }
    return CANNOT_TELL;
  }
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= ZERO && byte <= NINE;

/** Where the text ends that begins there, or `CANNOT_TELL`. */
export const textEnd = (input: Uint8Array, from: number): number => {
  if (input[from] !== QUOTE) return CANNOT_TELL;
  for (let index = from + 1; ; index++) {
    const byte = input[index];
    if (byte === QUOTE) return index + 1;
    if (byte === BACKSLASH) {
      if (isShortEscape[input[++index] as number] !== 1) return CANNOT_TELL;
    } else if (byte === undefined || byte < SPACE) return CANNOT_TELL;
  }
};

/** The same of a number. */
export const numberEnd = (input: Uint8Array, from: number): number => {
  const first = input[from] === MINUS ? from + 1 : from;
  let index = first;
  while (isDigit(input[index])) index++;
  let digits = index - first;
  const leadingZero = input[first] === ZERO;
  let isPlain = digits > 0 && (!leadingZero || (digits === 1 && first === from));
  if (input[index] === POINT) {
    const point = index++;
    while (isDigit(input[index])) index++;
    const fraction = index - point - 1;
    digits += fraction;
    isPlain = isPlain && fraction > 0 && input[index - 1] !== ZERO && !(leadingZero && fraction > FRACTION_DIGITS);
  }
  const continues = isInNumber[input[index] as number] === 1;
  return isPlain && digits <= EXACT_DIGITS && !continues ? index : roundTripEnd(input, from);
};

const nameEnd = (input: Uint8Array, from: number): number => {
  if (input[from] !== QUOTE) return CANNOT_TELL;
  for (let index = from + 1; ; index++) {
    const byte = input[index];
    if (byte === QUOTE) return index + 1;
    if (byte === undefined || byte < SPACE || byte === BACKSLASH || byte >= PRIVATE_USE) return CANNOT_TELL;
  }
};

/** The bracket that closes the one there; what is between is not looked at but for text and brackets. */
const nestedEnd = (input: Uint8Array, from: number): number => {
  let depth = 0;
  for (let index = from; index < input.length; index++) {
    const byte = input[index];
    if (byte === QUOTE) {
      for (index++; input[index] !== QUOTE; index++) {
        if (index >= input.length) return CANNOT_TELL;
        if (input[index] === BACKSLASH) index++;
      }
    } else if (byte === BRACE || byte === BRACKET) depth++;
    else if ((byte === END_BRACE || byte === END_BRACKET) && --depth === 0) return index + 1;
  }
  return CANNOT_TELL;
};

/** Of a number that JavaScript writes as it stands there. */
const roundTripEnd = (input: Uint8Array, from: number): number => {
  let text = "";
  let index = from;
  for (; isInNumber[input[index] as number] === 1; index++) {
    if (text.length === LONGEST_NUMBER) return CANNOT_TELL;
    text += String.fromCharCode(input[index] as number);
  }
  return text !== "" && String(Number(text)) === text ? index : CANNOT_TELL;
};

/** Cells of two members in the table. */
const compareNames = (input: Uint8Array, members: Int32Array, a: number, b: number): number => {
  let [left, right] = [(members[a] as number) + 1, (members[b] as number) + 1];
  const [leftEnd, rightEnd] = [(members[a + 1] as number) - 1, (members[b + 1] as number) - 1];
  for (; left < leftEnd && right < rightEnd; left++, right++) {
    const difference = (input[left] as number) - (input[right] as number);
    if (difference !== 0) return difference;
  }
  return leftEnd - left - (rightEnd - right);
};
