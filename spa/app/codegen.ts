import type { CodegenConfig } from "@graphql-codegen/cli";
import { addTypenameSelectionDocumentTransform } from "@graphql-codegen/client-preset";

// Types for each operation, from the one contract with the gateway. The result
// (src/gql) is made before every build and test and is not committed.
//
// The second is for the manifest of operations alone: each with its fragments,
// and with the __typename that the client asks for everywhere.
const config: CodegenConfig = {
  schema: ["../../schema.graphqls", "../../internal/gen/restgen/rest.graphqls"],
  documents: ["src/**/*.{ts,tsx}", "!src/gql/**"],
  generates: {
    "./src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: { unmaskFunctionName: "read" } },
      config: {
        strictScalars: true,
        scalars: { DateTime: "string", Decimal: "string", URL: "string" },
        enumsAsTypes: true,
        useTypeImports: true,
      },
    },
    "./node_modules/.operations/": {
      preset: "client",
      presetConfig: { persistedDocuments: { hashAlgorithm: "sha256" } },
      documentTransforms: [addTypenameSelectionDocumentTransform],
    },
  },
};

export default config;
