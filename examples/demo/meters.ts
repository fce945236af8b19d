/** What the demo looks at between the wrappers of its stack: custom wrappers of a few lines. */
import { Context, Effect, Layer, Ref } from "effect"
import { Driver, type KeyValue, Statistics } from "effect-kv"

/** Bytes of the values that were written: as they are, compressed, and encrypted as they are stored. */
export class Bytes extends Context.Service<Bytes, Readonly<Record<"raw" | "compressed" | "stored", Ref.Ref<number>>>>()(
  "demo/Bytes"
) {
  static readonly layer = Layer.effect(
    Bytes,
    Effect.all({ raw: Ref.make(0), compressed: Ref.make(0), stored: Ref.make(0) })
  )
}

/** Adds up the sizes of the values that are written through this level of the stack. */
export const weighed = (which: keyof Bytes["Service"]) =>
  Driver.wrapperEffect(
    Bytes.useSync((bytes) =>
      Driver.mapEntries({
        encode: (entry) =>
          Effect.as(
            Ref.update(bytes[which], (sum) => sum + entry.payload.size),
            entry
          )
      })
    )
  )

/** What happened at the store itself: each attempt of a retry is a call of its own here. */
export class Attempts extends Context.Service<Attempts, Statistics.Service>()("demo/Attempts") {}

/** What the application asked for and the read cache could not answer. */
export class Requests extends Context.Service<Requests, Statistics.Service>()("demo/Requests") {}

/** `Statistics` under a name of its own, so that a stack can have several. */
export const counted =
  <Self>(key: Context.Key<Self, Statistics.Service>, store: string) =>
  <A, E, R>(layer: Layer.Layer<A | KeyValue.KeyValue, E, R>) =>
    Layer.flatMap(layer.pipe(Statistics.wrap({ store })), (context) =>
      Layer.succeedContext(Context.add(context, key, Context.get(context, Statistics.Statistics)))
    )
