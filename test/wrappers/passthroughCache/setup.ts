import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { KeyValue, Memory, PassthroughCache, type Value } from "../../../src/index.ts"
import { faulty, type Script, script } from "../../support/faults.ts"

export class Far extends Context.Service<Far, KeyValue.Service>()("test/Far") {}
export class Cache extends Context.Service<Cache, KeyValue.Service>()("test/Cache") {}

export const observed = <I>(
  key: Context.Key<I, KeyValue.Service>,
  plan: Script,
  seed: Record<string, Value.Value> = {}
) =>
  Layer.flatMap(Memory.layer({ seed: { default_collection: seed } }), (context) =>
    Layer.succeedContext(Context.add(context, key, Context.get(context, KeyValue.KeyValue)))
  ).pipe(faulty(plan))

type Options = Omit<PassthroughCache.Options<never>, "cache">

/** A store (`far`) and its cache (`near`), a script of faults for each, and services that bypass the layer. */
export const setup = (options?: Options, more?: Record<string, Value.Value>) => {
  const far = script()
  const near = script()
  const cache = observed(Cache, near)
  const seed = { a: "a", b: "b", empty: {}, zero: 0, no: false, nothing: null, blank: "", ...more }
  const layer = observed(Far, far, seed).pipe(PassthroughCache.wrap({ cache, ...options }))
  return { far, near, layer: Layer.merge(cache, layer) }
}

export const all = Effect.all({ kv: KeyValue.KeyValue, far: Far, cache: Cache })
