/** What the experiments need of a library. Libraries of `bench/package.json` are loaded from there. */
import { registerHooks } from "node:module"

export { load } from "../../../../bench/peers/Peer.ts"

// unstorage and bentocache are made for ioredis 5, but would find the version that effect-kv uses.
registerHooks({
  resolve: (name, context, next) =>
    name === "ioredis" && context.parentURL?.includes("/bench/node_modules/") === true
      ? next("ioredis5", { ...context, parentURL: import.meta.url })
      : next(name, context)
})

/** Where an experiment keeps its data. */
export interface Place {
  /** The Redis, or `undefined` for the library's own memory store. */
  readonly url?: string | undefined
  /** A prefix or namespace for all keys. Without one, the library has its default settings. */
  readonly prefix?: string | undefined
  /** Whether the program listens for the library's `error` events, as documentations recommend. Default: true. */
  readonly listens?: boolean | undefined
}

/** A library over one store, with its default settings. */
export interface Store {
  readonly get: (key: string) => Promise<unknown>
  readonly set: (key: string, value: unknown, ttlMillis?: number) => Promise<unknown>
  readonly clear?: () => Promise<unknown>
  readonly keys?: () => Promise<unknown>
  readonly close: () => Promise<unknown>
}

/** How a cache treats an entry. */
export interface Loading {
  readonly ttlMillis: number
  /** Stale values may be returned for this long after the TTL, if the library can do that. */
  readonly staleMillis?: number | undefined
}

/** A cache that loads missing values with a function. */
export interface Cache {
  readonly ask: (key: string, load: () => Promise<string>) => Promise<unknown>
  readonly invalidate: (key: string) => Promise<unknown>
  readonly close: () => Promise<unknown>
}

/** A memory cache in front of Redis, as one of several processes has it. */
export interface Near {
  readonly get: (key: string) => Promise<unknown>
  readonly set: (key: string, value: string) => Promise<unknown>
  readonly close: () => Promise<unknown>
}

export interface Library {
  readonly name: string
  /** The experiments in which a variant differs from the library. Default: all. */
  readonly only?: ReadonlyArray<string>
  readonly store?: (place: Place) => Promise<Store>
  readonly cache?: (place: Place, loading: Loading) => Promise<Cache>
  readonly near?: (url: string) => Promise<Near>
  /** A program for a bundle: a memory store with get and set. */
  readonly bundle?: string
}
