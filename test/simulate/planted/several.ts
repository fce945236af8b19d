/** Combinations of stores with the mistakes of others. */
import { Effect, type Layer } from "effect"
import { Driver, type Entry, type KeyValue } from "effect-kv"

type Store = Layer.Layer<KeyValue.KeyValue, any>

/** Writes to both, is content with the first, and copies what only the second has: deleted entries, too. */
export const repairing = (second: Store) =>
  Driver.combination([second], (first, [other]) => {
    const repaired = (call: Driver.Get, index: number): Effect.Effect<Entry.Entry | undefined> => {
      const part = { ...Driver.pick(call, [index]), expiry: true }
      return Effect.gen(function* () {
        const [entry] = yield* other!.get(part)
        const { _tag, ...names } = Driver.toDelete(part)
        if (entry !== undefined) yield* first.put({ ...names, _tag: "put", entries: [entry] })
        return entry
      }).pipe(Effect.orElseSucceed(() => undefined))
    }
    return Effect.succeed({
      system: first.system,
      defaultCollection: first.defaultCollection,
      get: (call: Driver.Get) =>
        Effect.flatMap(first.get({ ...call, expiry: true }), (found) =>
          Effect.forEach(found, (entry, i) => (entry === undefined ? repaired(call, i) : Effect.succeed(entry)))
        ),
      put: (call: Driver.Put) => Effect.andThen(Effect.ignore(other!.put(call)), first.put(call)),
      delete: (call: Driver.Delete) => Effect.andThen(Effect.ignore(other!.delete(call)), first.delete(call))
    })
  })

/** Takes over for reads and writes while the first is down, and forgets what happened when it is back. */
export const forgettingFallback = (second: Store) =>
  Driver.combination([second], (first, [other]) => {
    const { compareAndPut: _, ...driver } = Driver.combine([first, other!], (call, [primary, fallback]) =>
      Effect.catch(primary!(call), () => fallback!(call))
    )
    return Effect.succeed(driver)
  })
