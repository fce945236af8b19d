/** The result of a library's read of an entry. */
import { isDeepStrictEqual } from "node:util"
import { Cause, Data, Effect, Exit, Option, Result } from "effect"
import { KeyValue, type KeyValueError, Value } from "effect-kv"
import { compare, show } from "./compare.ts"
import * as python from "./python.ts"

export type Answer = Data.TaggedEnum<{
  Found: { readonly value: unknown }
  Missing: Record<never, never>
  /** It failed with one of its own errors, by name. */
  Failed: { readonly error: string; readonly reason: string }
  /** It failed with anything but one of its own errors. */
  Died: { readonly cause: string }
  /** It did not end within the time limit. */
  Silent: Record<never, never>
}>

export const { Found, Missing, Failed, Died, Silent, $is: is } = Data.taggedEnum<Answer>()

/** Parses JSON text from Python into the value that JavaScript can hold. */
export const valueOf = (json: string): unknown => {
  const parsed = Value.Payload.parse(json, { exactIntegers: true })
  // A value that is nested too deeply for the library is still a value.
  return Result.isSuccess(parsed) ? parsed.success.value : python.parse(json)
}

export const foundOrMissing = (value: unknown): Answer => (value === undefined ? Missing() : Found({ value }))

/** How an effect ends, within ten seconds. */
export const answerOf = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  onSuccess: (a: A) => Answer
): Effect.Effect<Answer, never, R> =>
  Effect.map(
    Effect.exit(Effect.timeoutOption(effect, "10 seconds")),
    Exit.match({
      onSuccess: Option.match({ onNone: () => Silent(), onSome: onSuccess }),
      onFailure: (cause) =>
        Option.match(Cause.findErrorOption(cause), {
          onNone: () => Died({ cause: Cause.pretty(cause) }),
          onSome: failed
        })
    })
  )

const failed = (error: unknown): Answer => {
  const { _tag, reason, message } = error as Partial<KeyValueError.KeyValueError> & { readonly reason?: string }
  return Failed({ error: _tag ?? "Error", reason: reason ?? message ?? String(error) })
}

/** The result of `get`. */
export const get = (key: string, collection: string | null) =>
  KeyValue.KeyValue.use((kv) => kv.get(key, { collection: collection ?? undefined }))

export const failedWith = (answer: Answer, error: string): boolean => is("Failed")(answer) && answer.error === error

/** A result in a few words. */
export const tell = (answer: Answer): string => {
  switch (answer._tag) {
    case "Found":
      return show(answer.value)
    case "Missing":
      return "nothing"
    case "Failed":
      return answer.reason === "" ? answer.error : `${answer.error} (${answer.reason})`
    case "Died":
      return `a defect: ${answer.cause}`
    case "Silent":
      return "no answer within 10 seconds"
  }
}

/** How a result differs from the expected one, if it does. */
export const differ = (expected: Answer, found: Answer): string | undefined => {
  if (is("Found")(expected) && is("Found")(found)) return compare(expected.value, found.value)
  return isDeepStrictEqual(expected, found) ? undefined : `expected ${tell(expected)}, found ${tell(found)}`
}
