/** `getOrSet` with mistakes that other libraries have made. */
import { Context, Deferred, Effect, Layer, Predicate } from "effect"
import { KeyValue } from "effect-kv"

/** Changes the service itself, because a driver cannot make these mistakes. */
const service =
  (f: (kv: KeyValue.Service) => KeyValue.Service) =>
  <A, E, R>(self: Layer.Layer<A | KeyValue.KeyValue, E, R>): Layer.Layer<A | KeyValue.KeyValue, E, R> =>
    Layer.flatMap(self, (context) => {
      const kv = Context.get(context as Context.Context<KeyValue.KeyValue>, KeyValue.KeyValue)
      return Layer.succeedContext(Context.add(context, KeyValue.KeyValue, f(kv)))
    })

/** A service that continues after its layer was closed. */
export const withoutGate = service((kv) => KeyValue.make({ ...kv.driver }))

/** Stores the loaded value even if another was written meanwhile. */
export const overwritingLoads = service((kv) => ({
  ...kv,
  getOrSet: (key, load, options) =>
    Effect.filterOrElse(kv.get(key, options), Predicate.isNotUndefined, () =>
      Effect.tap(Effect.scoped(load), (value) => kv.put(key, value, options as KeyValue.PutOptions))
    )
}))

/** Later callers share the first caller's load, and with it the first caller's time budget. */
export const loadsUnderTheFirstBudget = service((kv) => {
  const loads = new Map<string, Deferred.Deferred<any, any>>()
  return {
    ...kv,
    getOrSet: (key, load, options) =>
      Effect.flatMap(kv.get(key, options), (found): Effect.Effect<any, any, any> => {
        const known = loads.get(key)
        if (found !== undefined) return Effect.succeed(found)
        if (known !== undefined) return Deferred.await(known)
        const shared = Deferred.makeUnsafe<any, any>()
        loads.set(key, shared)
        return kv.getOrSet(key, load, options).pipe(
          Effect.onExit((exit) => {
            loads.delete(key)
            return Deferred.done(shared, exit)
          })
        )
      })
  }
})
