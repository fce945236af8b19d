/** The tables of the comparison that show what programs have measured. */

export type Rows = Readonly<Record<string, Readonly<Record<string, string>>>>

/** What docs/tools/evidence/peers/main.ts has written. */
export interface Results {
  readonly date: string
  readonly node: string
  readonly redis: string
  readonly versions: Readonly<Record<string, string>>
  readonly results: Readonly<Record<string, Rows>>
}

export interface Measured {
  readonly title: string
  readonly about: string
  /** The experiments whose rows are shown, and their columns. */
  readonly tables: ReadonlyArray<{
    readonly experiment: string
    readonly columns: Readonly<Record<string, string>>
  }>
  readonly program: string
  readonly note?: string
}

export const measured: ReadonlyArray<Measured> = [
  {
    title: "When Redis fails",
    about:
      "The connection works, then it fails. In the first two columns, the server closes the connection and refuses new ones. In the others, nothing arrives any more. Each call is given 20 seconds. Rows with “no queue” or “non-blocking” set options so that no command waits for a connection.",
    tables: [
      {
        experiment: "outage",
        columns: {
          refusedGet: "get, refused",
          refusedSet: "set, refused",
          silentGet: "get, silent",
          silentSet: "set, silent"
        }
      }
    ],
    program: "experiments/stores.ts",
    note: "keyv, cache-manager and cacheable pass the call to the Redis client, which waits for a new connection. cacheable and bentocache are meant to have memory in front, which still answers reads of what it has. `no queue` does not help against a silent server: set a timeout of the client, or around the call."
  },
  {
    title: "A write that is lost",
    about:
      "A `set` is sent, and then the connection is lost for good. In one case, Redis has applied the write, and its reply is lost. In the other case, the request is lost.",
    tables: [{ experiment: "lost", columns: { reply: "reply lost, applied", request: "request lost, not applied" } }],
    program: "experiments/stores.ts",
    note: "`@keyv/redis` reports errors as events by default, and its `set` then succeeds. So keyv, cache-manager and cacheable report success for a value that nobody has. With `throwOnErrors: true` of the adapter (row “no queue”), keyv returns `false` in both cases."
  },
  {
    title: "A program that does not listen",
    about:
      "Several libraries are event emitters. Here, the program has no listener for `error` events while Redis closes the connection.",
    tables: [{ experiment: "unheard", columns: { process: "the process" } }],
    program: "experiments/unheardWorker.ts",
    note: "The README of keyv 6 says to attach a listener, and that without one a failed call rejects."
  },
  {
    title: "Values",
    about:
      "What `get` returns after `set` of a value, on Redis, with the default serializer. The key had another value before, `'before'`.",
    tables: [
      {
        experiment: "values",
        columns: {
          undefined: "`undefined`",
          nan: "`{ n: NaN }`",
          date: "`{ d: new Date(0) }`",
          map: '`{ m: new Map([["a", 1]]) }`',
          bytes: "`new Uint8Array([1, 2])`",
          bigint: "`{ i: 10n }`"
        }
      }
    ],
    program: "experiments/stores.ts",
    note: "effect-kv refuses what it cannot return. With a schema, its collections store dates, maps and classes. keyv 6 and bentocache take other serializers, such as superjson. In cacheable, the `set` of a `bigint` fails, emits an event, and leaves the earlier value. unstorage has `setItemRaw` and `getItemRaw` for bytes."
  },
  {
    title: "Shared references",
    about: "Whether a program that changes an object also changes the cache, in the library's default memory store.",
    tables: [
      {
        experiment: "mutation",
        columns: { afterSet: "changing the object after `set`", afterGet: "changing the result of `get`" }
      }
    ],
    program: "experiments/stores.ts",
    note: "Libraries that share references are the fastest for hits: see [the benchmarks](benchmarks.md)."
  },
  {
    title: "Expiry and keys of other programs",
    about:
      "The TTL that Redis has after a `set` with 1.5 seconds. Then, a database also contains the keys `foreign`, `app:foreign` and `app::foreign` of another program. The library lists its keys and clears its store, with default settings and with a prefix or namespace of its own.",
    tables: [
      { experiment: "ttl", columns: { redis: "TTL of 1.5 s" } },
      {
        experiment: "clearing",
        columns: {
          listed: "lists",
          removed: "clear removes",
          removedWithPrefix: "with a prefix"
        }
      }
    ],
    program: "experiments/stores.ts",
    note: "No library here runs `FLUSHDB`, but unstorage without `base` removes every key. keyv without a namespace removes all keys without `::`. effect-kv without `prefix` owns all keys with `::`, which includes keys of keyv with a namespace. So set a prefix in a shared database. py-key-value's `destroy` of a Redis store runs `FLUSHDB` ([source](https://github.com/strawgate/py-key-value/blob/279e1ee26234577c4104c7e40cc83d8e1b27c554/src/key_value/aio/stores/redis/store.py))."
  },
  {
    title: "Loads at the same time",
    about:
      "How often 100 callers load the same missing key over Redis: all in one process, or 50 in each of two processes.",
    tables: [{ experiment: "stampede", columns: { inOneProcess: "one process", inTwoProcesses: "two processes" } }],
    program: "experiments/caches.ts"
  },
  {
    title: "Stale values and failing loads",
    about:
      "An entry with the value `'old'` has expired. Stale values are allowed for another minute, if the library can do that. The load takes half a second, or it fails. In the last column, there is no stale value: the key is missing and its load fails.",
    tables: [
      {
        experiment: "staleness",
        columns: { slow: "stale, slow load", failing: "stale, failing load", nothing: "missing, failing load" }
      }
    ],
    program: "experiments/caches.ts",
    note: "cacheable's `getOrSet` reports the error as an event. With `throwErrors: true`, it fails."
  },
  {
    title: "A cache while Redis fails",
    about:
      "A cache has loaded one key, with the value `'old'`. Then Redis refuses connections, or is silent. What does the cache return for that key, and for another one, whose load returns `'new'`? “Memory in front” is a memory level in front of Redis. “No queue” and “non-blocking” set options of the Redis client so that no command waits for a connection.",
    tables: [
      {
        experiment: "storeDown",
        columns: {
          cached: "cached key, refused",
          other: "other key, refused",
          silentCached: "cached key, silent",
          silentOther: "other key, silent"
        }
      }
    ],
    program: "experiments/caches.ts",
    note: "The documentation of bentocache, cacheable and cache-manager shows memory in front of Redis. “Non-blocking” is `createKeyvNonBlocking` of `@keyv/redis`, for cacheable together with `nonBlocking: true`. “No queue” is ioredis with `enableOfflineQueue: false` and `maxRetriesPerRequest: 0`. effect-kv has no memory in front here; `PassthroughCache` adds it."
  },
  {
    title: "Changes and invalidations",
    about:
      "A load has read `'old'` and still runs while the key is invalidated. What does the next caller get? Then, two nodes have memory in front of one Redis. One node changes a value that both have read. What does the other node get half a second later?",
    tables: [
      { experiment: "invalidation", columns: { later: "after the invalidation" } },
      { experiment: "coherence", columns: { other: "on the other node" } }
    ],
    program: "experiments/caches.ts",
    note: "Both nodes run in one process. `sync` of cacheable uses its provider in memory, and the bus of bentocache uses Redis. `PassthroughCache` of effect-kv has no messages between processes yet: its copies end after `maxTtl` (30 minutes by default)."
  },
  {
    title: "Size of a small program",
    about:
      "A program that sets and gets a value in memory: minified and gzipped, with everything that it loads at the start, for Node. The programs with Effect include the parts of Effect that they use.",
    tables: [{ experiment: "bundle", columns: { size: "size" } }],
    program: "bundle.ts"
  }
]
