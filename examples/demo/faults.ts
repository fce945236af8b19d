/** A custom wrapper that makes a store fail at random. */
import { Context, Effect, Random, Ref } from "effect"
import { Driver, KeyValueError } from "effect-kv"

export type Fault = "unavailable" | "reply lost" | "too slow"

const kinds = ["unavailable", "reply lost", "too slow"] as const satisfies ReadonlyArray<Fault>

/** How often each fault was injected. */
export class Faults extends Context.Service<Faults, Ref.Ref<Readonly<Record<Fault, number>>>>()("demo/Faults") {}

/**
 * Makes the given share of calls (from 0 to 1) fail: the store is not reached, or its reply is lost after it has
 * applied the call, or it is slower than any timeout.
 */
export const injected = (rate: number, seed: string) =>
  Driver.wrapperContext(
    Effect.gen(function* () {
      const counts = yield* Ref.make<Readonly<Record<Fault, number>>>({
        unavailable: 0,
        "reply lost": 0,
        "too slow": 0
      })
      const random = yield* Random.withSeed(Effect.flatMap(Random.Random, Effect.succeed), seed)
      const next = Effect.gen(function* () {
        return (yield* Random.next) < rate ? yield* Random.choice(kinds) : undefined
      }).pipe(Effect.provideService(Random.Random, random))
      const count = (fault: Fault) => Ref.update(counts, (all) => ({ ...all, [fault]: all[fault] + 1 }))
      const filter: Driver.Filter = (call, run) =>
        Effect.flatMap(next, (fault) =>
          fault === undefined ? run(call) : Effect.andThen(count(fault), failing(fault, call, run))
        )
      return { transform: Driver.around(filter), context: Context.make(Faults, counts) }
    })
  )

const failing = <C extends Driver.Call, A, E>(
  fault: Fault,
  call: C,
  run: Driver.Next<C, A, E>
): Effect.Effect<A, E | KeyValueError.StoreUnavailableError> => {
  switch (fault) {
    case "unavailable":
      return unavailable(call, false)
    case "reply lost":
      return Effect.andThen(run(call), unavailable(call, true))
    case "too slow":
      return Effect.delay(run(call), "1 minute")
  }
}

const unavailable = (call: Driver.Call, sent: boolean) =>
  Effect.fail(new KeyValueError.StoreUnavailableError({ ...call.place, reason: "injected by the demo", sent }))
