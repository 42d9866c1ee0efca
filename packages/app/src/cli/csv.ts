/**
 * CSV (RFC 4180). A text that a spreadsheet would take for a formula is given a ' before it, as OWASP advises
 * (https://owasp.org/www-community/attacks/CSV_Injection): devices choose what is in it, and people open the file.
 */

/** Also the full-width forms, which spreadsheets of some languages take for the plain ones. */
const FORMULA = /^[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/;

/** A number is a number, whatever sign it begins with; null and undefined are empty. */
const field = (value: string | number | null | undefined): string => {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return `${value}`;
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** One line without its end. Lines end with CR LF. */
export const csvLine = (values: readonly (string | number | null | undefined)[]): string => values.map(field).join(",");
