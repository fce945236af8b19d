/** Judges the result of a read. */
import { Cause, Exit, Option } from "effect"
import { KeyValueError } from "effect-kv"
import { shown } from "./Capture.ts"
import { leakIn, otherText } from "./secrets.ts"
import { Refused, Violation, type ViolationKind } from "./target.ts"

export type Verdict =
  | { readonly _tag: "value" }
  | { readonly _tag: "miss" }
  | { readonly _tag: "error"; readonly tag: string }
  | { readonly _tag: "violation"; readonly kind: ViolationKind; readonly detail: string }

export interface Limits {
  /** The maximum time of a read, in milliseconds. */
  readonly millis: number
  /** How many more bytes of memory the process may use than at the start. */
  readonly bytes: number
}

/** The limits for each read. */
export const limits: Limits = { millis: 1000, bytes: 256 * 2 ** 20 }

export interface Observation {
  readonly exit: Exit.Exit<unknown, unknown>
  readonly millis: number
  /** How many more bytes of memory the process used than at the start. */
  readonly bytes: number
  /** All log lines and spans during the read. */
  readonly emitted: string
}

export const judge = ({ exit, millis, bytes, emitted }: Observation, limits: Limits): Verdict => {
  const verdict = Exit.isSuccess(exit) ? ofValue(exit.value) : ofCause(exit.cause)
  if (verdict._tag === "violation") return verdict
  if (millis > limits.millis) return violation("hang", `it took ${Math.round(millis)} ms`)
  if (bytes > limits.bytes) return violation("memory", `${Math.round(bytes / 2 ** 20)} MiB above the start`)
  const leak = leakIn(emitted)
  return leak === undefined ? verdict : violation("leaked secret", leak)
}

const violation = (kind: ViolationKind, detail: string): Verdict => ({ _tag: "violation", kind, detail })

const ofValue = (value: unknown): Verdict => {
  if (value === undefined || (Option.isOption(value) && Option.isNone(value))) return { _tag: "miss" }
  return textOf(value).includes(otherText)
    ? violation("another key's value", textOf(value).slice(0, 500))
    : { _tag: "value" }
}

/** Integers beyond 2^53 may be `bigint`s. */
const textOf = (value: unknown): string =>
  value instanceof Uint8Array
    ? Buffer.from(value).toString("latin1")
    : JSON.stringify(value, (_, part) => (typeof part === "bigint" ? String(part) : part))

const isErrorClass = (it: unknown): it is new (...args: never) => Error =>
  typeof it === "function" && it.prototype instanceof Error

const classes = [...Object.values(KeyValueError).filter(isErrorClass), Refused]

/** Whether a value is an error of effect-kv, or an error of Effect that a bridge has made from one. */
const isTyped = (error: unknown): error is { readonly _tag: string } => {
  if (classes.some((it) => error instanceof it)) return true
  const { _tag, cause, reason } = (error ?? {}) as Readonly<Record<string, unknown>>
  return bridged.has(_tag) && (cause === undefined ? reason === undefined || isTyped(reason) : isTyped(cause))
}

const bridged = new Set<unknown>(["KeyValueStoreError", "PersistenceError", "RateLimiterError", "RateLimitStoreError"])

const ofCause = (cause: Cause.Cause<unknown>): Verdict => {
  const thrown = Cause.squash(cause)
  if (thrown instanceof Violation) return violation(thrown.kind, thrown.detail)
  if (Cause.hasDies(cause)) return violation("defect", Cause.pretty(cause))
  const error = Option.getOrUndefined(Cause.findErrorOption(cause))
  if (!isTyped(error)) return violation("untyped error", Cause.pretty(cause))
  const leak = leakIn(`${String(error)}\n${jsonOf(error)}\n${shown(error)}\n${Cause.pretty(cause)}`)
  return leak === undefined ? { _tag: "error", tag: error._tag } : violation("leaked secret", leak)
}

const jsonOf = (error: unknown): string =>
  JSON.stringify(error, (_, part) => (typeof part === "bigint" ? String(part) : part))
