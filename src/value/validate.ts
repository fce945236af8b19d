import * as Result from "effect/Result"
import type { Json } from "effect/Schema"
import * as bytes from "./bytes.ts"
import { Copier } from "./Copier.ts"
import type { NumberKinds } from "./json.ts"
import { faultOf, type Problem, tooLong } from "./jsonProblem.ts"

/** A copy of a valid value. */
export interface Validated {
  readonly copy: Json | Uint8Array
  readonly numberKinds: NumberKinds
  /** Whether its JSON text may be too long. Only writing it can tell. */
  readonly mayBeTooLong: boolean
}

/** Validates and copies a value. With `exact`, integers may be `bigint`s. */
export const validate = (value: unknown, exact: boolean): Result.Result<Validated, Problem> => {
  if (bytes.isBytes(value)) return copyBytes(value)
  const copier = new Copier(exact)
  const copied = Result.try(() => copier.copy(value, 0))
  if (Result.isFailure(copied)) return Result.fail(problemOfThrow(value, copied.failure))
  const copy = copied.success
  if (copy === undefined) return bytes.isBuffer(value) ? copyBytes(value) : Result.fail(problemFound(copier, value))
  if (copier.isTooLong) return Result.fail(tooLong)
  return Result.succeed({ copy, numberKinds: copier.numberKinds, mayBeTooLong: copier.mayBeTooLong })
}

/**
 * The maximum size that Node reads from a file at once, less 1 MiB for the data that a store writes around the value.
 */
const maxBytes = 2 ** 31 - 2 ** 20

const copyBytes = (value: Uint8Array | ArrayBuffer): Result.Result<Validated, Problem> => {
  if (value.byteLength > maxBytes) return Result.fail({ path: "$", reason: `more than ${maxBytes} bytes` })
  return Result.try({
    try: () => bytesOf(new Uint8Array(bytes.isBytes(value) ? value : new Uint8Array(value))),
    catch: (cause) => ({ path: "$", reason: "bytes whose buffer was transferred or has shrunk", cause })
  })
}

const problemFound = (copier: Copier, value: unknown): Problem =>
  Result.merge(
    Result.try({
      try: () => copier.problemOf(value),
      catch: (cause) => problemOfThrow(value, cause)
    })
  )

const problemOfThrow = (value: unknown, cause: unknown): Problem =>
  faultOf(value) ?? { path: "$", reason: "reading it throws", cause }

const bytesOf = (copy: Uint8Array): Validated => ({ copy, numberKinds: "plain", mayBeTooLong: false })
