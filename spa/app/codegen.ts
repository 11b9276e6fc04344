import type { CodegenConfig } from "@graphql-codegen/cli";

// Types for each operation, from the one contract with the gateway. The result
// (src/gql) is made before every build and test and is not committed.
const config: CodegenConfig = {
  schema: "../../schema.graphqls",
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
  },
};

export default config;
