/**
 * Text that PostgreSQL has no form for: U+0000, and half of a surrogate pair, which UTF-8 lacks. Devices send both: a C
 * string with its terminator, a text that was cut. U+FFFD stands for them where people read; the exact text is kept
 * beside it as JSON, which escapes both.
 */
export const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes("\0");

export const storableText = (text: string): string => text.toWellFormed().replaceAll("\0", "\ufffd");
