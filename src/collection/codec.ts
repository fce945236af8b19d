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

/** The options of a collection that concern its keys and values. */
interface Schemas<S extends Schema.Constraint, K> {
  readonly schema: S
  readonly key?: Schema.Codec<K, string> | undefined
  readonly onInvalid?: "fail" | "miss" | undefined
}

/** Encodes and decodes the keys and values of a collection, and makes its errors. */
export const collectionCodec = <S extends Schema.Constraint, K>(collection: string, options: Schemas<S, K>) => {
  const json = Schema.toCodecJson(options.schema)
  const encodeJson = Schema.encodeEffect(json)
  const decodeJson = Schema.decodeUnknownEffect(json)
  const keyCodec = options.key && Schema.encodeEffect(options.key)

  const encodeKey = (operation: Operation, key: K): Effect.Effect<string, InvalidKeyError> => {
    if (keyCodec === undefined) return Effect.succeed(key as string)
    const invalid = (reason: string, cause: unknown) =>
      new InvalidKeyError({ operation, collection, keys: [names.shown(key)], reason, cause })
    return blamingValue(
      () =>
        Effect.mapErrorEager(keyCodec(key), (cause) =>
          invalid("the key does not match the collection's key schema", cause)
        ),
      key,
      ({ reason, cause }) => invalid(reason, cause)
    )
  }

  const encodeKeys = (operation: Operation, keys: ReadonlyArray<K>) =>
    Effect.forEach(keys, (key) => encodeKey(operation, key))

  const encodePairs = (operation: Operation, pairs: ReadonlyArray<readonly [K, S["Type"]]>) =>
    Effect.forEach(pairs, ([key, value]) =>
      Effect.flatMap(encodeKey(operation, key), (key) => {
        const place = { operation, collection, keys: [names.shown(key)] }
        const encode = () =>
          Effect.mapBothEager(encodeJson(value), {
            onSuccess: (value) => [key, value] as const,
            onFailure: (error) => mismatch(place, error)
          })
        return blamingValue(encode, value, (problem) => new SerializationError({ ...place, ...problem }))
      })
    )

  const decodeStrictly = (operation: Operation, key: string, value: Value) => {
    const invalid = (reason: string, cause: unknown) =>
      new DeserializationError({ operation, collection, keys: [key], reason, cause })
    const decode = () =>
      Effect.mapErrorEager(decodeJson(value), (cause) => invalid("it does not match the collection's schema", cause))
    return blamingValue(decode, value, ({ reason, cause }) => invalid(reason, cause))
  }

  const decode = (
    operation: Operation,
    key: string,
    value: Value | undefined
  ): Effect.Effect<Option.Option<S["Type"]>, DeserializationError, S["DecodingServices"]> => {
    if (value === undefined) return Effect.succeedNone
    const decoded = Effect.asSome(decodeStrictly(operation, key, value))
    return options.onInvalid === "miss"
      ? Effect.catch(decoded, (error) => Effect.as(Effect.logWarning(oneLine(error.message, 1000)), Option.none()))
      : decoded
  }

  return { encodeKey, encodeKeys, encodePairs, decode, decodeStrictly }
}

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
