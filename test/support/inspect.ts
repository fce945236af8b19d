import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { KeyValue, Memory, type Value } from "../../src/index.ts"

/** The store below a stack, as a service of its own beside the stack's. */
export class Inner extends Context.Service<Inner, KeyValue.Service>()("test/Inner") {}

/** A memory store that can be looked into below whatever is wrapped around it. */
export const memory = (options?: Memory.Options) =>
  Layer.flatMap(Memory.layer(options), (context) =>
    Layer.succeedContext(Context.add(context, Inner, Context.get(context, KeyValue.KeyValue)))
  )

/** What the inner store holds under a key. */
export const stored = (key: string, options?: KeyValue.InCollection) => Inner.use((inner) => inner.get(key, options))

/** Puts something into the inner store, past the wrappers. */
export const plant = (key: string, value: Value.Value, options?: KeyValue.PutOptions) =>
  Inner.use((inner) => inner.put(key, value, options))

/** Both services of a stack over an inspected store. */
export const both = Effect.all({ kv: KeyValue.KeyValue, inner: Inner })
