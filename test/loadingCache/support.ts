import { type Duration, Effect, Layer, Logger, Schema } from "effect"
import { LoadingCache } from "effect-kv"

export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { id: Schema.String }) {}

export class Down extends Schema.TaggedError<Down>()("Down", {}) {}

/** A source of values that counts how often it is asked. A value has the number of its lookup. */
export class Source {
  lookups = 0
  batches: Array<ReadonlyArray<string>> = []
  /** How long a lookup takes, in milliseconds. */
  takes = 0
  isDown = false
  missing = new Set<string>()

  readonly lookup = (id: string): Effect.Effect<string, NotFound | Down> =>
    Effect.suspend(() => {
      const n = ++this.lookups
      const answer = (): Effect.Effect<string, NotFound | Down> => {
        if (this.isDown) return new Down()
        return this.missing.has(id) ? new NotFound({ id }) : Effect.succeed(`${id}#${n}`)
      }
      return this.takes === 0 ? answer() : Effect.delay(Effect.suspend(answer), this.takes)
    })

  readonly lookupMany = (ids: ReadonlyArray<string>): Effect.Effect<Map<string, string>, Down> =>
    Effect.suspend(() => {
      this.batches.push(ids)
      const n = ++this.lookups
      const answer = (): Effect.Effect<Map<string, string>, Down> =>
        this.isDown
          ? new Down()
          : Effect.succeed(new Map(ids.filter((id) => !this.missing.has(id)).map((id) => [id, `${id}#${n}`])))
      return this.takes === 0 ? answer() : Effect.delay(Effect.suspend(answer), this.takes)
    })
}

type Options = LoadingCache.Options<
  typeof Schema.String,
  string,
  NotFound | Down,
  never,
  typeof NotFound,
  "lookup" | "fail",
  Duration.Input
>

/** A cache of strings in front of a source, with a TTL of a minute. */
export const cacheOf = (source: Source, options: Partial<Options> = {}) =>
  LoadingCache.make({
    collection: "things",
    schema: Schema.String,
    lookup: source.lookup,
    ttl: "1 minute",
    ...options
  } as Options & { readonly collection: string })

/** A layer that logs nothing. */
export const quietly = <A, E, R>(layer: Layer.Layer<A, E, R>): Layer.Layer<A, E, R> =>
  Layer.provideMerge(layer, Logger.layer([]))
