/** Custom wrappers that measure what passes between the wrappers of the demo's stack. */
import { Context, Effect, Layer, Ref } from "effect"
import { Driver, type KeyValue, Statistics } from "effect-kv"

/** Bytes of the written values: uncompressed, compressed, and encrypted as they are stored. */
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

/** Statistics of the store itself, where each attempt of a retry counts as one call. */
export class Attempts extends Context.Service<Attempts, Statistics.Service>()("demo/Attempts") {}

/** Statistics of the calls that the read cache could not answer. */
export class Requests extends Context.Service<Requests, Statistics.Service>()("demo/Requests") {}

/** Provides `Statistics` under another key, so that a stack can have several of them. */
export const counted =
  <Self>(key: Context.Key<Self, Statistics.Service>, store: string) =>
  <A, E, R>(layer: Layer.Layer<A | KeyValue.KeyValue, E, R>) =>
    Layer.flatMap(layer.pipe(Statistics.wrap({ store })), (context) =>
      Layer.succeedContext(Context.add(context, key, Context.get(context, Statistics.Statistics)))
    )
