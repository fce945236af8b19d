import * as ByteSize from "effect/ByteSize"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { StoreSetupError } from "../KeyValueError.ts"
import * as secretKeys from "./secretKey.ts"

/** A failure of the layer that is being built. */
export const invalid = (module: string, reason: string): Effect.Effect<never, StoreSetupError> =>
  Effect.fail(new StoreSetupError({ module, reason }))

export const check = (module: string, valid: boolean, reason: string): Effect.Effect<void, StoreSetupError> =>
  valid ? Effect.void : invalid(module, reason)

/** Milliseconds of an option that is a positive duration; infinite only if that makes sense. */
export const millis = (
  module: string,
  name: string,
  input: Duration.Input,
  options?: { readonly infinite?: boolean }
): Effect.Effect<number, StoreSetupError> => {
  const value = Option.match(Duration.fromInput(input), { onNone: () => Number.NaN, onSome: Duration.toMillis })
  return value > 0 && (options?.infinite || value !== Number.POSITIVE_INFINITY)
    ? Effect.succeed(value)
    : invalid(module, `${name} must be a positive ${options?.infinite ? "" : "finite "}duration, not ${String(input)}`)
}

/** Bytes of an option that is a size. */
export const bytes = (
  module: string,
  name: string,
  input: ByteSize.Input | undefined,
  otherwise: number
): Effect.Effect<number, StoreSetupError> =>
  input === undefined
    ? Effect.succeed(otherwise)
    : Option.match(Option.flatMap(ByteSize.fromInput(input), ByteSize.toNumber), {
        onNone: () => invalid(module, `${name} must be a size such as "1 KiB", not ${String(input)}`),
        onSome: Effect.succeed
      })

/** An option that is a whole number of at least `min`, and of at most `max`. */
export const integer = (
  module: string,
  name: string,
  value: number,
  min: number,
  max = Number.POSITIVE_INFINITY
): Effect.Effect<number, StoreSetupError> =>
  Number.isSafeInteger(value) && value >= min && value <= max
    ? Effect.succeed(value)
    : invalid(
        module,
        `${name} must be a whole number of at least ${min}${Number.isFinite(max) ? ` and at most ${max}` : ""}, not ${value}`
      )

/** An option that is a finite number of at least `min`, and of at most `max`. */
export const number = (
  module: string,
  name: string,
  value: number,
  min: number,
  max = Number.MAX_VALUE
): Effect.Effect<number, StoreSetupError> =>
  value >= min && value <= max
    ? Effect.succeed(value)
    : invalid(
        module,
        `${name} must be a number of at least ${min}${max < Number.MAX_VALUE ? ` and at most ${max}` : ""}, not ${value}`
      )

/** An option that is permissions such as 0o600, of which the owner has at least `owner`. */
export const mode = (
  module: string,
  name: string,
  value: number,
  owner: number
): Effect.Effect<number, StoreSetupError> =>
  Number.isInteger(value) && value >= 0 && value <= 0o777 && (value & owner) === owner
    ? Effect.succeed(value)
    : invalid(
        module,
        `${name} must be permissions from 0o${owner.toString(8)} to 0o777 that include 0o${owner.toString(8)}, not ${
          Number.isInteger(value) && value >= 0 ? `0o${value.toString(8)}` : String(value)
        }`
      )

/** The bytes of an option that is a secret key. */
export const secretKey = (
  module: string,
  name: string,
  key: secretKeys.Input
): Effect.Effect<Uint8Array, StoreSetupError> =>
  Result.match(secretKeys.parse(key), {
    onFailure: (found) => invalid(module, `${name} must be 32 bytes, as bytes or in base64: ${found}`),
    onSuccess: Effect.succeed
  })

/** An option that is one of several names. */
export const oneOf = (
  module: string,
  name: string,
  value: string,
  names: ReadonlyArray<string>
): Effect.Effect<void, StoreSetupError> =>
  check(
    module,
    names.includes(value),
    `${name} must be ${names.map((name) => JSON.stringify(name)).join(" or ")}, not ${String(value)}`
  )
