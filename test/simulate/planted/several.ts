/** Combinations of stores with mistakes that other libraries have made. */
import { Clock, Effect, type Layer } from "effect"
import { Driver, type Entry, type KeyValue } from "effect-kv"

type Store = Layer.Layer<KeyValue.KeyValue, any>

/** Writes to both, needs only the first to succeed, and copies entries that only the second has, even deleted ones. */
export const repairing = (second: Store) =>
  Driver.wrapperOver([second], (first, [other]) => {
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

/** Uses the second store while the first is down, and does not replay its writes afterwards. */
export const forgettingFallback = (second: Store) =>
  Driver.wrapperOver([second], (first, [other]) => {
    const driver = Driver.combine([first, other!], (call, [primary, fallback]) =>
      Effect.catch(primary!(call), () => fallback!(call))
    )
    return Effect.succeed({ ...driver, atomic: undefined })
  })

/** Does not read a key from a store that missed a write to it, and does not repair it either. */
export const neverRepairing = (second: Store) =>
  Driver.wrapperOver([second], (first, [other]) => {
    const missedBySecond = new Set<string>()
    const missedByFirst = new Set<string>()
    const write = (call: Driver.Put | Driver.Delete) => (driver: Driver.Driver) =>
      (call._tag === "put" ? driver.put(call) : driver.delete(call)) as Effect.Effect<any, any>
    const both = Effect.fnUntraced(function* (call: Driver.Put | Driver.Delete) {
      const [one, two] = yield* Effect.all([Effect.exit(write(call)(first)), Effect.exit(write(call)(other!))])
      for (const key of call.keys) {
        if (one._tag === "Success") missedByFirst.delete(key)
        else missedByFirst.add(key)
        if (two._tag === "Success") missedBySecond.delete(key)
        else missedBySecond.add(key)
      }
      return yield* one._tag === "Success" ? one : two
    })
    return Effect.succeed({
      system: first.system,
      defaultCollection: first.defaultCollection,
      get: (call: Driver.Get) => (call.keys.some((key) => missedByFirst.has(key)) ? other!.get(call) : first.get(call)),
      put: both,
      delete: both
    })
  })

/** Remembers the wall-clock time of each write, and drops writes that seem older than the last one. */
export const wallClockJournal = Driver.wrapperEffect(
  Effect.sync(() => (primary: Driver.Driver): Driver.Driver => {
    const writtenAt = new Map<string, number>()
    return {
      ...primary,
      put: (call) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          const newer = call.keys.map((_, i) => i).filter((i) => (writtenAt.get(call.keys[i]!) ?? now) <= now)
          for (const i of newer) writtenAt.set(call.keys[i]!, now)
          return newer.length === 0 ? Effect.void : primary.put(Driver.pick(call, newer))
        })
    }
  })
)
