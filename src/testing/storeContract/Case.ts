import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as TestClock from "effect/testing/TestClock"
import * as KeyValue from "../../KeyValue.ts"

/**
 * A requirement of a case on the store, in addition to `KeyValue`.
 *
 * - `"Enumeration"`, `"Maintenance"`, `"Atomic"`: the store has the capability.
 * - `"Misses"`: reads of a missing key return `undefined`.
 * - `"Bounded"`: the store keeps at most `maxEntries` entries.
 * - `"Exclusive"`: no other program uses the store, because the case clears it.
 *
 * @since 0.1.0
 */
export type Requirement = "Enumeration" | "Maintenance" | "Atomic" | "Misses" | "Bounded" | "Exclusive"

/** Arguments of a case's body. */
export interface Subject {
  readonly kv: KeyValue.Service
  /** A collection that no other case uses, as options of a call. */
  readonly at: { readonly collection: string }
  readonly advance: (duration: Duration.Input) => Effect.Effect<void>
  readonly maxEntries: number
}

export interface Definition {
  readonly id: string
  readonly name: string
  readonly requires: ReadonlyArray<Requirement>
  readonly body: (subject: Subject) => Effect.fn.Return<void, unknown, any>
}

/** A case whose name ends with its id: `"returns undefined for a missing key [S2]"`. */
export const define = (name: string, requires: ReadonlyArray<Requirement>, body: Definition["body"]): Definition => ({
  id: name.slice(name.lastIndexOf("[") + 1, -1),
  name,
  requires,
  body
})

/** Like {@link define}, for cases of a capability, whose bodies also get its service. */
export const defineFor =
  <Id, S>(capability: Requirement, service: Context.Service<Id, S>) =>
  (
    name: string,
    requires: ReadonlyArray<Requirement>,
    body: (subject: Subject, service: S) => ReturnType<Definition["body"]>
  ): Definition =>
    define(name, [capability, ...requires], function* (subject) {
      yield* body(subject, yield* service)
    })

/** Runs a case in a collection of its own. */
export const run = Effect.fnUntraced(function* (
  definition: Definition,
  options: Pick<Subject, "advance" | "maxEntries">
): Effect.fn.Return<void, unknown, any> {
  const unique = Math.floor((yield* Random.next) * 2 ** 48).toString(36)
  const subject = {
    ...options,
    kv: yield* KeyValue.KeyValue,
    at: { collection: `contract-${definition.id}-${unique}` }
  }
  yield* Effect.gen(() => definition.body(subject))
})

/** Waits for a moment of real time, even if the test has a `TestClock`. */
export const moment: Effect.Effect<void> = TestClock.withLive(Effect.sleep("1 millis"))

/** Waits for an effect that may pause, such as an update that is retried after another writer got in between. */
export const settle = <A, E, R>({ advance }: Subject, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) {
      yield* moment
      yield* advance("5 millis")
    }
    return yield* Fiber.join(fiber)
  })
