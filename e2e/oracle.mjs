// graphql-js, the specification's reference implementation, says what the answers of graph/plan's examples are:
//
//   node oracle.mjs    fills in graph/plan/testdata/graphql-js.json
//
// Its resolvers answer as those of graph/plan/plantest do with the seed of the examples: the fields that the examples ask
// for have the same values, lists have two elements, and the named fields fail.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSchema, execute, getNamedType, getNullableType, isListType, isLeafType, isObjectType, parse, validate } from 'graphql';

const from = (path) => fileURLToPath(new URL(path, import.meta.url));
export const golden = from('../graph/plan/testdata/graphql-js.json');
const schema = buildSchema(readFileSync(from('../graph/plan/plantest/schema.graphqls'), 'utf8'));
const values = { constant: 'constant', yes: true, x: 8, mark: 'm8', scoreN: 1, ratio: NaN, scale: null, size: 'HUGE', views: 2 ** 32 };

function valueOf(type, info) {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return [valueOf(nullable.ofType, info), valueOf(nullable.ofType, info)];
  if (!isLeafType(nullable)) return { __typename: isObjectType(nullable) ? nullable.name : 'Alpha' };
  if (!(info.fieldName in values)) throw new Error(`an example asks for ${getNamedType(type)} ${info.fieldName}, which has no value here`);
  return values[info.fieldName];
}

/** Gives the example with its answer. */
export async function answered({ name, query, variables, faults }) {
  const document = parse(query);
  const invalid = validate(schema, document);
  if (invalid.length > 0) throw new Error(`${name}: ${invalid[0].message}`);
  const result = await execute({
    schema,
    document,
    variableValues: variables,
    fieldResolver: async (_source, _args, _context, info) => {
      if (faults?.includes(info.fieldName)) throw new Error('fault');
      return valueOf(info.returnType, info);
    },
    typeResolver: (value) => value.__typename,
  });
  return { name, query, variables, faults, data: JSON.stringify(result.data), errors: (result.errors ?? []).map((error) => error.path.join('.')) };
}

/** Gives the text of the golden file as graphql-js has it. */
export async function fresh() {
  const examples = JSON.parse(readFileSync(golden, 'utf8'));
  return `${JSON.stringify(await Promise.all(examples.map(answered)), null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(golden, await fresh());
