/** Random topics and filters whose levels meet often enough for matches to be common. */
import fc from "fast-check";

const WORDS = ["", "a", "b", "ab", "é", "e\u0301", "🌡", " ", "__proto__", "constructor", "$b"];

const word = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...WORDS) }, fc.string({ maxLength: 3 }).map(plainLevel));

/** Takes out what has a meaning in filters. */
function plainLevel(text: string): string {
  return text.replace(/[+#/{}\0$]/g, "");
}

const first = fc.oneof({ weight: 4, arbitrary: word }, fc.constantFrom("$SYS", "$", "$share"));

const joined = (levels: readonly string[]): string => levels.join("/");

export const topicName = fc
  .tuple(first, fc.array(word, { maxLength: 4 }))
  .map(([level, more]) => joined([level, ...more]))
  .filter((topic) => topic !== "");

const wildOr = (level: fc.Arbitrary<string>) => fc.oneof({ weight: 2, arbitrary: level }, fc.constant("+"));

/** Without names and share groups. */
export const plainFilter = fc
  .tuple(wildOr(first), fc.array(wildOr(word), { maxLength: 4 }), fc.constantFrom([], ["#"]), fc.boolean())
  .map(([level, more, tail, only]) => joined(only && tail.length > 0 ? tail : [level, ...more, ...tail]))
  .filter((filter) => filter !== "" && !filter.startsWith("$share/"));

/** Section 4.7 word for word, level by level, without any of the shortcuts that a fast matcher takes. */
export const matchesNaively = (filter: string, topic: string): boolean => {
  if (topic.startsWith("$") && /^[+#]/.test(filter)) return false;
  const matchLevels = (pattern: readonly string[], levels: readonly string[]): boolean => {
    const [head, ...rest] = pattern;
    if (head === undefined) return levels.length === 0;
    if (head === "#") return true;
    if (levels.length === 0) return false;
    return (head === "+" || head === levels[0]) && matchLevels(rest, levels.slice(1));
  };
  return matchLevels(filter.split("/"), topic.split("/"));
};
