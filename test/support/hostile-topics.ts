/** Topic names that a broken or malicious device may publish to. */
export interface HostileTopic {
  readonly name: string;
  readonly topic: string;
  /** Whether MQTT allows a message to be published to it (sections 1.5.4, 3.3.2.1 and 4.7 of MQTT 5). */
  readonly valid: boolean;
  /** False: valid, but a broker may refuse it all the same, by the standard or by limits of its own. */
  readonly portable: boolean;
}

const valid = (name: string, topic: string): HostileTopic => ({ name, topic, valid: true, portable: true });
const unusual = (name: string, topic: string): HostileTopic => ({ name, topic, valid: true, portable: false });
const invalid = (name: string, topic: string): HostileTopic => ({ name, topic, valid: false, portable: false });

export const hostileTopics: readonly HostileTopic[] = [
  // levels
  valid("one slash", "/"),
  valid("a leading slash", "/hostile/a"),
  valid("a trailing slash", "hostile/a/"),
  valid("empty levels", "hostile///a"),
  valid("a space", " "),
  valid("spaces around levels", "hostile/ a / b "),
  valid("100 levels", `hostile${"/a".repeat(99)}`),
  unusual("10,000 levels", `hostile${"/a".repeat(9_999)}`),
  unusual("65,535 bytes", `hostile/${"a".repeat(65_527)}`),
  invalid("65,536 bytes", `hostile/${"a".repeat(65_528)}`),
  invalid("empty", ""),

  // characters that mean something in filters
  invalid("a plus", "hostile/+"),
  invalid("a hash", "hostile/#"),
  invalid("a plus within a level", "hostile/a+b"),
  invalid("a hash within a level", "hostile/a#b"),
  valid("braces", "hostile/{site}/{device:uuid}"),
  unusual("a system topic", "$SYS/broker/uptime"),
  unusual("a shared subscription", "$share/group/hostile/a"),
  unusual("another dollar topic", "$hostile/a"),
  valid("a dollar further on", "hostile/$SYS"),

  // names of JavaScript
  valid("__proto__", "hostile/__proto__/polluted"),
  valid("constructor and prototype", "constructor/prototype/polluted"),
  valid("__proto__ first", "__proto__/toString"),
  valid("members of Object", "hostile/hasOwnProperty/valueOf"),

  // text for other interpreters
  valid("SQL", "hostile/'; DROP TABLE data; --"),
  valid("a path", "hostile/../../../etc/passwd"),
  valid("HTML", "hostile/<script>alert(1)</script>"),
  valid("a shell", "hostile/$(reboot)`reboot`"),
  valid("a format", "hostile/%s%n%x"),
  valid("quotes and backslashes", "hostile/\"'\\\\"),
  valid("a URL escape", "hostile/%2F%00"),

  // Unicode
  valid("accents", "hostile/caf\u00e9"),
  valid("the same accent, decomposed", "hostile/cafe\u0301"),
  valid("an emoji", "hostile/\u{1f321}"),
  valid("right-to-left override", "hostile/\u202etxt.exe"),
  valid("a byte order mark, which is kept [MQTT-1.5.4-3]", "hostile/\ufeffa"),
  valid("a line separator", "hostile/\u2028"),
  unusual("a line feed", "hostile/a\nb"),
  unusual("an escape character", "hostile/\u001b[31m"),
  unusual("a noncharacter", "hostile/\ufffe\uffff"),
  invalid("NUL", "hostile/a\u0000b"),
  invalid("a lone surrogate", "hostile/\ud800"),
];
