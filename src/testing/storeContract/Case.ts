import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as TestClock from "effect/testing/TestClock"
import * as KeyValue from "../../KeyValue.ts"

/**
 * What a case asks of the store and of the options, beside `KeyValue`.
 *
 * - `"Enumeration"`, `"Maintenance"`, `"Atomic"`: the capability.
 * - `"Misses"`: a key that was not written has no value.
 * - `"Bounded"`: the store keeps `maxEntries` entries.
 * - `"Exclusive"`: nobody else uses the store, since the case clears it.
 *
 * @since 0.1.0
 */
export type Requirement = "Enumeration" | "Maintenance" | "Atomic" | "Misses" | "Bounded" | "Exclusive"

/** What the body of a case works with. */
export interface Subject {
  readonly kv: KeyValue.Service
  /** A collection that nobody else uses, as options of a call. */
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

/** A case whose name starts with its id: `"S13 get many, one missing"`. */
export const define = (name: string, requires: ReadonlyArray<Requirement>, body: Definition["body"]): Definition => ({
  id: name.slice(0, name.indexOf(" ")),
  name,
  requires,
  body
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

/** Lets a moment of real time pass, whatever clock the test has. */
export const moment: Effect.Effect<void> = TestClock.withLive(Effect.sleep("1 millis"))

/** Waits for an effect that may pause on its way, as an update does that lost against another. */
export const settle = <A, E, R>({ advance }: Subject, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) {
      yield* moment
      yield* advance("5 millis")
    }
    return yield* Fiber.join(fiber)
  })
