import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { Value } from "../Value.ts"
import { readersOf, type ValueReader } from "./schemas.ts"

/**
 * A list of schemas.
 *
 * @since 0.2.0
 */
export type Schemas = ReadonlyArray<Schema.Constraint>

/**
 * An older schema of a collection, and the function that upgrades its values.
 *
 * @since 0.2.0
 */
export interface Version<S extends Schema.Constraint, To> {
  /** The schema that the values were written with. */
  readonly schema: S
  /** Makes a value of the next newer schema. If it throws, the read fails with `DeserializationError`. */
  readonly upgrade: (old: S["Type"]) => To
}

/**
 * Older schemas, newest first. The first upgrades to `A`, and each of the others to the one before it.
 *
 * @since 0.2.0
 */
export type Versions<A, V extends Schemas> = {
  readonly [I in keyof V]: Version<V[I], TypeBefore<A, V, I>>
}

type TypeBefore<A, V extends Schemas, I> = I extends keyof Shifted<A, V> ? Shifted<A, V>[I] : never

type Shifted<A, V extends Schemas> = [A, ...{ readonly [I in keyof V]: V[I]["Type"] }]

/** An `upgrade` function threw. */
export class UpgradeFailure extends Data.TaggedError("UpgradeFailure")<{ readonly cause: unknown }> {}

/** Decodes a stored value with an older schema, and upgrades it to the current one. */
export interface OldReader {
  readonly decode: ValueReader
  readonly upgrade: (old: unknown) => unknown
}

/** How values that do not fit the current schema are read, in the order in which they are tried. */
export const oldReaders = (
  current: Schema.Constraint,
  versions: ReadonlyArray<Version<Schema.Constraint, unknown>>
): ReadonlyArray<OldReader> => {
  // A collection of bytes still reads the Base64 that effect-kv 0.1 wrote.
  const readers: Array<OldReader> = readersOf(current)
    .slice(1)
    .map((decode) => ({ decode, upgrade: (old) => old }))
  let upgradeNewer = (old: unknown): unknown => old
  for (const version of versions) {
    const toCurrent = upgradeNewer
    const upgrade = (old: unknown) => toCurrent(version.upgrade(old))
    for (const decode of readersOf(version.schema)) readers.push({ decode, upgrade })
    upgradeNewer = upgrade
  }
  return readers
}

/** Reads a value with the first older schema that it fits. If it fits none, fails with the `error` of the current one. */
export const readOld = (
  readers: ReadonlyArray<OldReader>,
  value: Value,
  error: Schema.SchemaError,
  index = 0
): Effect.Effect<unknown, Schema.SchemaError | UpgradeFailure, unknown> => {
  const reader = readers[index]
  if (reader === undefined) return Effect.fail(error)
  return Effect.matchEffect(reader.decode(value), {
    onFailure: () => readOld(readers, value, error, index + 1),
    onSuccess: (old) =>
      Effect.fromResult(Result.try({ try: () => reader.upgrade(old), catch: (cause) => new UpgradeFailure({ cause }) }))
  })
}
