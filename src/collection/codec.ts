import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as names from "../driver/names.ts"
import {
  DeserializationError,
  InvalidKeyError,
  type Operation,
  type Place,
  SerializationError
} from "../KeyValueError.ts"
import type { Value } from "../Value.ts"
import { faultOf, formatPath, type Problem } from "../value/jsonProblem.ts"
import { oneLine } from "../value/oneLine.ts"
import { readersOf, writerOf } from "./schemas.ts"
import { oldReaders, readOld, UpgradeFailure, type Version } from "./versions.ts"

/** The options of a collection that concern its keys and values. */
interface CodecOptions<K> {
  readonly schema: Schema.Constraint
  readonly key?: Schema.Codec<K, string> | undefined
  readonly onInvalid?: "fail" | "miss" | undefined
  readonly versions?: ReadonlyArray<Version<Schema.Constraint, unknown>> | undefined
}

/** Encodes and decodes the keys and values of a collection, and makes its errors. */
export interface Codec<A, K, RD, RE> {
  readonly encodeKey: (operation: Operation, key: K) => Effect.Effect<string, InvalidKeyError>
  readonly encodeKeys: (
    operation: Operation,
    keys: ReadonlyArray<K>
  ) => Effect.Effect<ReadonlyArray<string>, InvalidKeyError>
  /** Decodes the name of a stored key. `None`: it does not fit the key schema, and `onInvalid` is `"miss"`. */
  readonly decodeKey: (operation: Operation, name: string) => Effect.Effect<Option.Option<K>, InvalidKeyError>
  readonly encode: (operation: Operation, key: K | string, value: A) => Effect.Effect<Value, SerializationError, RE>
  /** Decodes a stored value, if there is one. `None`: there is none, or it does not fit, and `onInvalid` is `"miss"`. */
  readonly decode: (
    operation: Operation,
    key: string,
    value: Value | undefined
  ) => Effect.Effect<Option.Option<A>, DeserializationError, RD>
  /** Decodes a stored value, whatever `onInvalid` is. */
  readonly decodeStrictly: (
    operation: Operation,
    key: string,
    value: Value
  ) => Effect.Effect<A, DeserializationError, RD>
  /** Decodes a stored value only if it does not fit the current schema, but an older version. */
  readonly decodeOutdated: (
    operation: Operation,
    key: string,
    value: Value
  ) => Effect.Effect<Option.Option<A>, DeserializationError, RD>
}

/** Makes the codec of a collection. The types of its options stay with the caller. */
export const codecOf = <A, K, RD, RE>(collection: string, options: CodecOptions<K>): Codec<A, K, RD, RE> => {
  const [decodeCurrent] = readersOf(options.schema)
  const encodeCurrent = writerOf(options.schema)
  const older = oldReaders(options.schema, options.versions ?? [])
  const valueMismatch =
    options.versions === undefined || options.versions.length === 0
      ? "it does not match the collection's schema"
      : "it matches no version of the collection's schema"
  const toName = options.key && Schema.encodeEffect(options.key)
  const fromName = options.key && Schema.decodeEffect(options.key)
  const missing = (error: { readonly message: string }) =>
    Effect.as(Effect.logWarning(oneLine(error.message, 1000)), Option.none())

  const invalidKey = (operation: Operation, key: unknown, reason: string, cause: unknown) =>
    new InvalidKeyError({ operation, collection, keys: [names.shown(key)], reason, cause })

  const encodeKey = (operation: Operation, key: K): Effect.Effect<string, InvalidKeyError> => {
    if (toName === undefined) return Effect.succeed(key as string)
    return blamingValue(
      () => Effect.mapErrorEager(toName(key), (cause) => invalidKey(operation, key, keyMismatch, cause)),
      key,
      ({ reason, cause }) => invalidKey(operation, key, reason, cause)
    )
  }

  const decodeKey = (operation: Operation, name: string): Effect.Effect<Option.Option<K>, InvalidKeyError> => {
    if (fromName === undefined) return Effect.succeedSome(name as K)
    const decoded = Effect.mapBothEager(fromName(name), {
      onSuccess: Option.some,
      onFailure: (cause) => invalidKey(operation, name, keyMismatch, cause)
    })
    return options.onInvalid === "miss" ? Effect.catch(decoded, missing) : decoded
  }

  const encode = (operation: Operation, key: K | string, value: A) => {
    const place = { operation, collection, keys: [names.shown(key)] }
    return blamingValue(
      () => Effect.mapErrorEager(encodeCurrent(value), (error) => mismatch(place, error)),
      value,
      (problem) => new SerializationError({ ...place, ...problem })
    )
  }

  /** Runs a reader, and turns what fails because of the value into a `DeserializationError`. */
  const reading = <B>(
    operation: Operation,
    key: string,
    value: Value,
    read: (value: Value) => Effect.Effect<B, Schema.SchemaError | UpgradeFailure, unknown>
  ) => {
    const invalid = (reason: string, cause: unknown) =>
      new DeserializationError({ operation, collection, keys: [key], reason, cause })
    const run = () =>
      Effect.mapErrorEager(read(value), (error) =>
        error instanceof UpgradeFailure ? invalid(upgradeThrew, error.cause) : invalid(valueMismatch, error)
      )
    return blamingValue(run, value, ({ reason, cause }) => invalid(reason, cause))
  }

  const readAny = (value: Value) => {
    const read = decodeCurrent(value)
    if (older.length === 0 || (Exit.isExit(read) && Exit.isSuccess(read))) return read
    return Effect.catch(read, (error) => readOld(older, value, error))
  }

  const readOutdated = (value: Value) =>
    Effect.matchEffect(decodeCurrent(value), {
      onSuccess: () => Effect.succeedNone,
      onFailure: (error) => Effect.asSome(readOld(older, value, error))
    })

  const decodeStrictly = (operation: Operation, key: string, value: Value) => reading(operation, key, value, readAny)

  const decode = (operation: Operation, key: string, value: Value | undefined) => {
    if (value === undefined) return Effect.succeedNone
    const decoded = Effect.asSome(decodeStrictly(operation, key, value))
    return options.onInvalid === "miss" ? Effect.catch(decoded, missing) : decoded
  }

  const codec: Codec<unknown, K, unknown, unknown> = {
    encodeKey,
    encodeKeys: (operation, keys) => Effect.forEach(keys, (key) => encodeKey(operation, key)),
    decodeKey,
    encode: encode as Codec<unknown, K, unknown, unknown>["encode"],
    decode,
    decodeStrictly,
    decodeOutdated: (operation, key, value) => reading(operation, key, value, readOutdated)
  }
  return codec as Codec<any, K, any, any>
}

/** Like {@link codecOf}, for values that are a part of a stored object. Bytes become Base64, as JSON has none. */
export const jsonCodecOf = <A, K, RD, RE>(collection: string, options: CodecOptions<K>): Codec<A, K, RD, RE> =>
  codecOf(collection, { ...options, schema: Schema.toCodecJson(options.schema) })

const keyMismatch = "the key does not match the collection's key schema"
const upgradeThrew = "upgrading it from an older version of the schema failed"

/**
 * Runs a schema on a value, and turns a defect into a failure if the value caused the defect: it throws, it contains itself, or
 * it is nested too deeply for the call stack. Any other defect is a fault of the schema and stays a defect. Most schemas need
 * no fiber step and run at once.
 */
const blamingValue = <A, E, R, E2>(
  run: () => Effect.Effect<A, E, R>,
  value: unknown,
  fail: (problem: Problem) => E2
): Effect.Effect<A, E | E2, R> => {
  const blame = (cause: unknown): Effect.Effect<never, E2> => {
    const fault = faultOf(value) ?? (isStackOverflow(cause) ? { path: "$", reason: tooDeepForSchema } : undefined)
    return fault === undefined ? Effect.die(cause) : Effect.fail(fail({ cause, ...fault }))
  }
  const started = Result.try(run)
  if (Result.isFailure(started)) return blame(started.failure)
  const effect = started.success
  return Exit.isExit(effect) && Exit.isSuccess(effect) ? effect : Effect.catchDefect(effect, blame)
}

const tooDeepForSchema = "nested too deeply for the collection's schema"

/** V8 and JavaScriptCore say "call stack", and Firefox says "too much recursion". */
const isStackOverflow = (cause: unknown): boolean =>
  cause instanceof Error && /call stack|too much recursion/.test(cause.message)

const mismatch = (place: Place, cause: Schema.SchemaError): SerializationError => {
  const issue = formatIssue(cause.issue).issues[0]
  const path = (issue?.path ?? []).map((segment) => (typeof segment === "object" ? segment.key : segment))
  return new SerializationError({
    ...place,
    path: formatPath(path.map((segment) => (typeof segment === "symbol" ? String(segment) : segment))),
    reason: issue?.message ?? "it does not match the collection's schema",
    cause
  })
}

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()
