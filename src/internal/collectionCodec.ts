import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Options } from "../Collection.ts"
import {
  DeserializationError,
  InvalidKeyError,
  type Operation,
  type Place,
  SerializationError
} from "../KeyValueError.ts"
import type { Value } from "../Value.ts"
import { formatSegment } from "./json.ts"

/** How the keys and values of a collection are written and read, and its errors. */
export const collectionCodec = <S extends Schema.Constraint, K>(collection: string, options: Options<S, K>) => {
  const json = Schema.toCodecJson(options.schema)
  const encodeJson = Schema.encodeEffect(json)
  const decodeJson = Schema.decodeUnknownEffect(json)
  const keyCodec = options.key && Schema.encodeEffect(options.key)

  const encodeKey = (operation: Operation, key: K): Effect.Effect<string, InvalidKeyError> =>
    keyCodec === undefined
      ? Effect.succeed(key as string)
      : Effect.mapError(
          keyCodec(key),
          (cause) =>
            new InvalidKeyError({
              operation,
              collection,
              keys: [String(key)],
              reason: "it does not fit the schema of the collection's keys",
              cause
            })
        )

  const encodeKeys = (operation: Operation, keys: ReadonlyArray<K>) =>
    Effect.forEach(keys, (key) => encodeKey(operation, key))

  const encodePairs = (operation: Operation, pairs: ReadonlyArray<readonly [K, S["Type"]]>) =>
    Effect.forEach(pairs, ([key, value]) =>
      Effect.flatMap(encodeKey(operation, key), (key) =>
        Effect.mapBoth(encodeJson(value), {
          onSuccess: (value) => [key, value] as const,
          onFailure: (error) => doesNotFit({ operation, collection, keys: [key] }, error)
        })
      )
    )

  const decodeStrictly = (operation: Operation, key: string, value: Value) =>
    Effect.mapError(
      decodeJson(value),
      (cause) =>
        new DeserializationError({
          operation,
          collection,
          keys: [key],
          reason: "it does not fit the collection's schema",
          cause
        })
    )

  const decode = (
    operation: Operation,
    key: string,
    value: Value | undefined
  ): Effect.Effect<Option.Option<S["Type"]>, DeserializationError, S["DecodingServices"]> => {
    if (value === undefined) return Effect.succeedNone
    const decoded = Effect.asSome(decodeStrictly(operation, key, value))
    return options.onInvalid === "miss"
      ? Effect.catch(decoded, (error) => Effect.as(Effect.logWarning(error.message), Option.none()))
      : decoded
  }

  return { encodeKey, encodeKeys, encodePairs, decode, decodeStrictly }
}

const doesNotFit = (place: Place, cause: Schema.SchemaError): SerializationError => {
  const issue = formatIssue(cause.issue).issues[0]
  const path = (issue?.path ?? []).map((segment) => (typeof segment === "object" ? segment.key : segment))
  return new SerializationError({
    ...place,
    path: `$${path.map((segment) => formatSegment(typeof segment === "symbol" ? String(segment) : segment)).join("")}`,
    reason: issue?.message ?? "it does not fit the collection's schema",
    cause
  })
}

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()
