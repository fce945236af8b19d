import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as base64 from "#base64"
import { isBytes } from "../value/bytes.ts"

/** A secret key, as options accept it. */
export type Input = Redacted.Redacted<string | Uint8Array>

/** The number of bytes of a key. */
const length = 32

/**
 * Reads the 32 bytes of a key. Text must be base64 or base64url, with or without padding and surrounding white space.
 * The failure never quotes the key.
 */
export const parse = (input: Input): Result.Result<Uint8Array, string> => {
  if (!Redacted.isRedacted(input)) return Result.fail("it is not Redacted")
  const value: unknown = Result.getOrUndefined(Result.try(() => Redacted.value(input)))
  if (isBytes(value)) return ofLength(Uint8Array.from(value), "bytes")
  return typeof value === "string" ? parseText(value.trim()) : Result.fail("it is neither text nor bytes")
}

const parseText = (text: string): Result.Result<Uint8Array, string> => {
  if (text === "") return Result.fail("it is blank")
  const characters = `${Array.from(text).length} characters`
  if (hexadecimal.test(text))
    return Result.fail(`it is ${characters} of hexadecimal (${text.length / 2} bytes), not base64`)
  const [, digits = "", padding = ""] = either.exec(text) ?? []
  const isWhole = padding === "" ? digits.length % 4 !== 1 : (digits.length + padding.length) % 4 === 0
  if (digits === "" || !isWhole) return Result.fail(`it is ${characters}, not base64`)
  const standard = digits.replaceAll("-", "+").replaceAll("_", "/")
  return Result.match(base64.decode(standard.padEnd(Math.ceil(standard.length / 4) * 4, "=")), {
    onFailure: () => Result.fail(`it is ${characters}, not base64`),
    onSuccess: (bytes) => ofLength(Uint8Array.from(bytes), "bytes of base64")
  })
}

/** Matches at least 16 bytes, because shorter text is more likely to be base64. */
const hexadecimal = /^(?:[0-9a-f]{2}){16,}$/i

const either = /^([A-Za-z0-9+/]+|[A-Za-z0-9_-]+)(={0,2})$/

const ofLength = (bytes: Uint8Array, what: string): Result.Result<Uint8Array, string> =>
  bytes.length === length ? Result.succeed(bytes) : Result.fail(`it is ${bytes.length} ${what}`)
