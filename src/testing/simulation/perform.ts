import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import type { ValueWithTtl } from "../../Entry.ts"
import type { KeyValueError, Outcome } from "../../KeyValueError.ts"
import type { Value } from "../../Value.ts"
import { hotKeys } from "./bursts.ts"
import type { Services } from "./Client.ts"
import { counter } from "./counting.ts"
import { type Answer, type Held, type LoadRun, type Moment, type Operation, valueId } from "./History.ts"
import type { Step } from "./Plan.ts"
import { Thrown } from "./Thrown.ts"
import { epoch } from "./VirtualTime.ts"

/** The operation that a fiber runs, so that the stores below can record their calls with it. */
export const Current = Context.Reference<Operation | undefined>("effect-kv/testing/Simulation/Current", {
  defaultValue: () => undefined
})

/** The error of a loader that fails. */
export class LoadFailed extends Data.TaggedError("LoadFailed") {}

/** Runs an operation, and returns its result in the form that the checker uses. */
export const perform = (
  services: Services,
  operation: Operation,
  now: () => Moment
): Effect.Effect<Answer, unknown> => {
  const { step } = operation
  const { kv, atomic, enumeration, maintenance } = services
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
    case "getOrSet":
      return Effect.map(kv.getOrSet(key, load(operation, key, now), options), (value) => read(step, [value]))
    case "keys":
      return Effect.map(Stream.runCollect(enumeration!.keys()), (names) => listed(step, names))
    case "removeExpired":
      return Effect.map(maintenance!.removeExpired, answered)
    case "putIfAbsent":
      return Effect.map(atomic!.putIfAbsent(key, valueOf(step, key), options), answered)
    case "getAndDelete":
      return Effect.map(atomic!.getAndDelete(key), (value) => answered(identify(step, key, value)))
    case "increment":
      return Effect.map(atomic!.increment(key, step.by), answered)
    case "update":
      return Effect.flatMap(Clock.Clock, (clock) =>
        Effect.map(
          atomic!.update(key, (value) => changed(operation, key, value, wallOf(clock)), options),
          (value) => answered(identify(step, key, value))
        )
      )
  }
}

const wallOf = (clock: Clock.Clock): number => clock.currentTimeMillisUnsafe() - epoch

const done: Answer = { _tag: "done", answer: null }

const answered = (answer: boolean | number | Held): Answer => ({ _tag: "done", answer })

const read = (step: Step, values: ReadonlyArray<Value | undefined>): Answer => ({
  _tag: "read",
  held: step.keys.map((key, i) => identify(step, key, values[i]))
})

const readWithTtl = (step: Step, found: ReadonlyArray<ValueWithTtl | undefined>): Effect.Effect<Answer> =>
  Effect.map(Clock.Clock, (clock) => ({
    _tag: "read",
    held: step.keys.map((key, i) => identify(step, key, found[i]?.value)),
    expiries: found.map((it) => it?.ttl && wallOf(clock) + Duration.toMillis(it.ttl))
  }))

/** Hot keys and counters are written by other steps, so that a listing may have them. */
const listed = ({ keys }: Step, names: ReadonlyArray<string>): Answer => ({
  _tag: "listed",
  present: keys.map((key) => names.includes(key)),
  strange: names.filter((name) => !keys.includes(name) && !others.has(name))
})

const others = new Set<string>([...hotKeys, counter])

const load = (operation: Operation, key: string, now: () => Moment): Effect.Effect<Value, LoadFailed> =>
  Effect.gen(function* () {
    const { step, loads } = operation
    const { pause, result } = step.load!
    const run: LoadRun = { from: now(), to: undefined, made: undefined, wall: 0 }
    loads.push(run)
    if (pause > 0) yield* Effect.sleep(pause)
    run.to = now()
    if (result === "fails") return yield* new LoadFailed()
    if (result === "throws") return yield* Effect.sync(() => thrown(operation))
    run.wall = wallOf(yield* Clock.Clock)
    run.made = valueId(step, key, loads.length)
    return written(run.made, key, step.large)
  })

const thrown = (operation: Operation): never => {
  operation.threw = true
  throw new Thrown()
}

const changed = (operation: Operation, key: string, value: Value | undefined, at: number): Value => {
  const { step, attempts } = operation
  if (step.throws) thrown(operation)
  const made = valueId(step, key, attempts.length + 1)
  attempts.push({ seen: identify(step, key, value), made, at })
  return written(made, key, step.large)
}

const valueOf = (step: Step, key: string): Value => written(valueId(step, key), key, step.large)

const padding = "0123456789".repeat(150)

const written = (id: string, key: string, large: boolean): Value => (large ? { id, key, padding } : { id, key })

/** Returns the id of a value that a step wrote under this key. Any other value gives a text that starts with `?`. */
export const identify = (step: Pick<Step, "id">, key: string, value: Value | undefined): Held => {
  if (value === undefined) return undefined
  const {
    id,
    key: of,
    padding: pad
  } = value as { readonly id?: unknown; readonly key?: unknown; readonly padding?: unknown }
  const known = typeof id === "string" && of === key && (pad === undefined || pad === padding)
  return known ? id : `?${JSON.stringify(value)?.slice(0, 60)} as ${key} (#${step.id})`
}

/** Converts the exit of an operation to the form that the checker uses. */
export const answerOf = (exit: Exit.Exit<Answer, unknown>, wasInterrupted: boolean): Answer => {
  if (Exit.isSuccess(exit)) return exit.value
  const { cause } = exit
  const defects = cause.reasons.filter(Cause.isDieReason)
  if (defects.some(({ defect }) => defect instanceof Thrown)) return { _tag: "threw" }
  const failure = cause.reasons.find(Cause.isFailReason)?.error
  if (defects.length === 0 && failure instanceof LoadFailed) return failed("LoadFailed", undefined)
  if (defects.length === 0 && isTyped(failure)) {
    const { duration } = failure as { readonly duration?: Duration.Duration }
    return failed(failure._tag, failure.outcome, duration && Duration.toMillis(duration))
  }
  if (defects.length === 0 && wasInterrupted) return { _tag: "interrupted" }
  return { _tag: "defect", cause: Cause.pretty(cause).split("\n")[0]! }
}

const failed = (error: string, outcome: Outcome | undefined, limit?: number): Answer => ({
  _tag: "failed",
  error,
  outcome,
  limit
})

const isTyped = (error: unknown): error is KeyValueError & { readonly outcome: Outcome | undefined } => {
  const { _tag, operation, retryable } = (error ?? {}) as Record<string, unknown>
  return typeof _tag === "string" && typeof operation === "string" && typeof retryable === "boolean"
}
