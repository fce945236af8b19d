import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { KeyValue, Memory, type Value } from "../../src/index.ts"

/** The store below a stack, as a separate service beside that of the stack. */
export class Inner extends Context.Service<Inner, KeyValue.Service>()("test/Inner") {}

/** A memory store whose content can be read below the wrappers around it. */
export const memory = (options?: Memory.Options) =>
  Layer.flatMap(Memory.layer(options), (context) =>
    Layer.succeedContext(Context.add(context, Inner, Context.get(context, KeyValue.KeyValue)))
  )

/** The value of a key in the inner store. */
export const stored = (key: string, options?: KeyValue.InCollection) => Inner.use((inner) => inner.get(key, options))

/** Puts a value into the inner store, without the wrappers. */
export const plant = (key: string, value: Value.Value, options?: KeyValue.PutOptions) =>
  Inner.use((inner) => inner.put(key, value, options))

/** Both services of a stack over an inspected store. */
export const both = Effect.all({ kv: KeyValue.KeyValue, inner: Inner })
