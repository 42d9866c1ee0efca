/** The admin API, for whoever serves it, and for tests. */
export { problemsMarkdown } from "./problems-doc.ts";
export { buildHttpServer } from "./server.ts";
export type { AdminServices } from "./services.ts";
