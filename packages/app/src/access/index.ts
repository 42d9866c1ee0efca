/** Tokens and the audit of the admin API, for tests. */
export { AccessTokens, type Principal } from "./access-tokens.ts";
export { AuditTrail, type Refusal } from "./audit-trail.ts";
