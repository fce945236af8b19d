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

/** What the options of a collection say of its keys and values. */
interface Schemas<S extends Schema.Constraint, K> {
  readonly schema: S
  readonly key?: Schema.Codec<K, string> | undefined
  readonly onInvalid?: "fail" | "miss" | undefined
}

/** How the keys and values of a collection are written and read, and its errors. */
export const collectionCodec = <S extends Schema.Constraint, K>(collection: string, options: Schemas<S, K>) => {
  const json = Schema.toCodecJson(options.schema)
  const encodeJson = Schema.encodeEffect(json)
  const decodeJson = Schema.decodeUnknownEffect(json)
  const keyCodec = options.key && Schema.encodeEffect(options.key)

  const encodeKey = (operation: Operation, key: K): Effect.Effect<string, InvalidKeyError> => {
    if (keyCodec === undefined) return Effect.succeed(key as string)
    const invalid = (reason: string, cause: unknown) =>
      new InvalidKeyError({ operation, collection, keys: [names.shown(key)], reason, cause })
    return orFault(
      () =>
        Effect.mapErrorEager(keyCodec(key), (cause) =>
          invalid("it does not fit the schema of the collection's keys", cause)
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
            onFailure: (error) => doesNotFit(place, error)
          })
        return orFault(encode, value, (problem) => new SerializationError({ ...place, ...problem }))
      })
    )

  const decodeStrictly = (operation: Operation, key: string, value: Value) => {
    const unfit = (reason: string, cause: unknown) =>
      new DeserializationError({ operation, collection, keys: [key], reason, cause })
    const decode = () =>
      Effect.mapErrorEager(decodeJson(value), (cause) => unfit("it does not fit the collection's schema", cause))
    return orFault(decode, value, ({ reason, cause }) => unfit(reason, cause))
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
 * A schema recurses through what it is given. Where that ends in a defect and the value is to blame (it throws, holds itself,
 * or nests more deeply than the call stack allows), the effect fails; else the defect is the schema's. Most schemas take no
 * step of a fiber, and are run at once.
 */
const orFault = <A, E, R, E2>(
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

const tooDeepForSchema = "nested more deeply than the collection's schema can follow"

/** V8's words and JavaScriptCore's, or else Firefox's. */
const isStackOverflow = (cause: unknown): boolean =>
  cause instanceof Error && /call stack|too much recursion/.test(cause.message)

const doesNotFit = (place: Place, cause: Schema.SchemaError): SerializationError => {
  const issue = formatIssue(cause.issue).issues[0]
  const path = (issue?.path ?? []).map((segment) => (typeof segment === "object" ? segment.key : segment))
  return new SerializationError({
    ...place,
    path: formatPath(path.map((segment) => (typeof segment === "symbol" ? String(segment) : segment))),
    reason: issue?.message ?? "it does not fit the collection's schema",
    cause
  })
}

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()
