import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Atomic from "../../Atomic.ts"
import type { ValueWithTtl } from "../../Entry.ts"
import type * as KeyValue from "../../KeyValue.ts"
import type { KeyValueError, Outcome } from "../../KeyValueError.ts"
import type { Value } from "../../Value.ts"
import { type Answer, type Held, type Operation, valueId } from "./History.ts"
import type { Step } from "./Plan.ts"

/** What a client works with. */
export interface Client {
  readonly kv: KeyValue.Service
  readonly atomic: Atomic.Service | undefined
  /** How long it waits for an answer. */
  readonly patience: number
}

/** The operation that a fiber works for, so that stores below know whose call they are told to do. */
export const Current = Context.Reference<Operation | undefined>("effect-kv/testing/Simulation/Current", {
  defaultValue: () => undefined
})

/** Does an operation, and says how it went, whatever happens. */
export const perform = (client: Client, operation: Operation): Effect.Effect<Answer> =>
  attempt(client, operation).pipe(
    Effect.timeoutOption(client.patience),
    Effect.exit,
    Effect.map(Exit.match({ onSuccess: Option.getOrElse((): Answer => ({ _tag: "interrupted" })), onFailure: failure }))
  )

const attempt = (
  { kv, atomic }: Client,
  operation: Operation
): Effect.Effect<Answer, Effect.Error<ReturnType<KeyValue.Service["put"] | Atomic.Service["update"]>>> => {
  const { step } = operation
  const { keys, ttl } = step
  const key = keys[0]!
  const options = ttl === undefined ? {} : { ttl }
  switch (step.action) {
    case "get":
      return Effect.map(kv.get(key), (value) => read(step, [value]))
    case "getMany":
      return Effect.map(kv.getMany(keys), (values) => read(step, values))
    case "ttl":
      return Effect.flatMap(kv.ttl(key), (found) => readWithTtl(step, [found]))
    case "ttlMany":
      return Effect.flatMap(kv.ttlMany(keys), (found) => readWithTtl(step, found))
    case "put":
      return Effect.as(kv.put(key, valueOf(step, key), options), done)
    case "putMany":
      return Effect.as(
        kv.putMany(
          keys.map((key) => [key, valueOf(step, key)] as const),
          options
        ),
        done
      )
    case "delete":
      return Effect.map(kv.delete(key), answered)
    case "deleteMany":
      return Effect.map(kv.deleteMany(keys), answered)
    case "putIfAbsent":
      return Effect.map(atomic!.putIfAbsent(key, valueOf(step, key), options), answered)
    case "getAndDelete":
      return Effect.map(atomic!.getAndDelete(key), (value) => answered(identify(step, key, value)))
    case "update":
      return Effect.flatMap(Clock.Clock, (clock) =>
        Effect.map(
          atomic!.update(key, (value) => changed(operation, key, value, clock.currentTimeMillisUnsafe()), options),
          (value) => answered(identify(step, key, value))
        )
      )
  }
}

const done: Answer = { _tag: "done", answer: null }

const answered = (answer: boolean | number | Held): Answer => ({ _tag: "done", answer })

const read = (step: Step, values: ReadonlyArray<Value | undefined>): Answer => ({
  _tag: "read",
  held: step.keys.map((key, i) => identify(step, key, values[i]))
})

const readWithTtl = (step: Step, found: ReadonlyArray<ValueWithTtl | undefined>): Effect.Effect<Answer> =>
  Effect.map(Clock.currentTimeMillis, (now) => ({
    _tag: "read",
    held: step.keys.map((key, i) => identify(step, key, found[i]?.value)),
    expiries: found.map((it) => it?.ttl && now + Duration.toMillis(it.ttl))
  }))

const changed = (operation: Operation, key: string, value: Value | undefined, at: number): Value => {
  const { step, attempts } = operation
  const made = valueId(step, key, attempts.length + 1)
  attempts.push({ seen: identify(step, key, value), made, at })
  return written(made, key, step.large)
}

const valueOf = (step: Step, key: string): Value => written(valueId(step, key), key, step.large)

const padding = "0123456789".repeat(150)

const written = (id: string, key: string, large: boolean): Value => (large ? { id, key, padding } : { id, key })

/** The id of a value that a step wrote under this key. Anything else is told from it by its first character. */
const identify = (step: Step, key: string, value: Value | undefined): Held => {
  if (value === undefined) return undefined
  const {
    id,
    key: of,
    padding: pad
  } = value as { readonly id?: unknown; readonly key?: unknown; readonly padding?: unknown }
  const known = typeof id === "string" && of === key && (pad === undefined || pad === padding)
  return known ? id : `?${JSON.stringify(value)?.slice(0, 60)} as ${key} (#${step.id})`
}

const failure = (cause: Cause.Cause<unknown>): Answer => {
  const error = Cause.findErrorOption(cause)
  if (Cause.hasDies(cause) || Option.isNone(error) || !isTyped(error.value)) {
    return { _tag: "defect", cause: Cause.pretty(cause).split("\n")[0]! }
  }
  return { _tag: "failed", error: error.value._tag, outcome: error.value.outcome }
}

const isTyped = (error: unknown): error is KeyValueError & { readonly outcome: Outcome | undefined } => {
  const { _tag, operation, retryable } = (error ?? {}) as Record<string, unknown>
  return typeof _tag === "string" && typeof operation === "string" && typeof retryable === "boolean"
}
