import * as assert from "node:assert/strict"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { KeyValueError } from "../../KeyValueError.ts"
import type { Value } from "../../Value.ts"
import type { Subject } from "./Case.ts"

/** Asserts that two values are equal in value, type and prototype; `0` and `-0` differ. */
export const equal = (actual: unknown, expected: unknown, message?: string): Effect.Effect<void> =>
  Effect.sync(() => assert.deepStrictEqual(actual, expected, message && notEqual(message, actual, expected)))

const notEqual = (message: string, actual: unknown, expected: unknown): string | undefined =>
  Result.isSuccess(Result.try(() => assert.deepStrictEqual(actual, expected)))
    ? undefined
    : `${message}: got ${show(actual)}, expected ${show(expected)}`

const show = (value: unknown): string => {
  const text = value instanceof Uint8Array ? `${value.length} bytes` : (JSON.stringify(value) ?? String(value))
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

export const isTrue = (actual: boolean, message: string): Effect.Effect<void> =>
  Effect.sync(() => assert.ok(actual, message))

/** Asserts that a value is returned as it was put. */
export const roundTrip = ({ kv, at }: Pick<Subject, "kv" | "at">, key: string, value: Value) =>
  Effect.gen(function* () {
    yield* kv.put(key, value, at)
    yield* equal(yield* kv.get(key, at), value, key)
  })

type Tag = KeyValueError["_tag"]

/** Asserts that an effect fails with the given error, and returns the error. */
export const failsWith = <T extends Tag, A, E, R>(
  effect: Effect.Effect<A, E, R>,
  tag: T
): Effect.Effect<Extract<KeyValueError, { readonly _tag: T }>, never, R> =>
  Effect.map(Effect.result(effect), (result) => {
    const error = Result.isFailure(result) ? (result.failure as unknown as KeyValueError) : undefined
    assert.equal(
      error?._tag,
      tag,
      error === undefined ? `succeeded, but should have failed with ${tag}` : error.message
    )
    return error as Extract<KeyValueError, { readonly _tag: T }>
  })
