/**
 * Types of the admin API's operations, made from its OpenAPI document. A package of its own, because it brings the
 * TypeScript whose compiler API openapi-typescript needs: TypeScript 7 has none.
 */
import openapiTypes, { astToString, type OpenAPI3 } from "openapi-typescript";

const HEADER = `/** Types of the admin API. Made from its OpenAPI document by \`node packages/app/src/http/write-client.ts\`. */
`;

/** @param document OpenAPI 3.1, with local references only; it is not changed */
export const clientTypes = async (document: object): Promise<string> => {
  const nodes = await openapiTypes(structuredClone(document) as OpenAPI3, {
    alphabetize: true,
    // A member with a default may be left out of a request.
    defaultNonNullable: false,
  });
  return HEADER + astToString(nodes);
};
