import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { DeserializationError, InvalidKeyError, SerializationError } from "../KeyValueError.ts"
import type { Value } from "../Value.ts"
import type { Counters } from "./counters.ts"
import type { Health } from "./Health.ts"
import type { KnownTags } from "./KnownTags.ts"
import type { LookupLimit } from "./LookupLimit.ts"
import type { Store } from "./Store.ts"
import type { LeaseConfig } from "./underLease.ts"

/** What the parts of a cache share. Times are in milliseconds. Effects have all services that they need. */
export interface Config<A, K, E> {
  readonly collection: string
  /** The name under which a key is stored, or `undefined` for a key that does not match its schema. */
  readonly nameOf: (key: K) => Effect.Effect<string | undefined>
  readonly encode: (key: K, value: A) => Effect.Effect<Value, InvalidKeyError | SerializationError>
  /** Returns `None` for a value that does not match the schema. */
  readonly decode: (name: string, value: Value) => Effect.Effect<Option.Option<A>>
  /** The error of a looked-up value that its own schema does not read. */
  readonly unreadable: (name: string) => DeserializationError
  readonly lookup: (key: K) => Effect.Effect<A, E>
  readonly lookupMany: ((keys: ReadonlyArray<K>) => Effect.Effect<Iterable<readonly [K, A]>, E>) | undefined
  readonly ttlOf: (value: A, key: K) => Duration.Input
  readonly tagsOf: ((value: A, key: K) => Iterable<string>) | undefined
  readonly staleFor: number
  /** The longest TTL that is known in advance. */
  readonly longestTtl: number
  /** How long before its end an entry with this TTL is refreshed. */
  readonly aheadOf: (ttl: number) => number
  readonly jitter: number
  readonly softTimeout: number | undefined
  readonly hardTimeout: number
  readonly onStoreFailure: "lookup" | "fail"
  /** How many lookups of one `getMany` run at a time. */
  readonly concurrency: number
  /** Limits the lookups while the store fails. */
  readonly limit: LookupLimit
  /** Returns the error as it is stored and its TTL, or `undefined` for one that is not kept. */
  readonly encodeError: (error: E) => Effect.Effect<{ readonly error: Value; readonly ttl: number } | undefined>
  /** Returns `undefined` for an error that does not match the schema. */
  readonly decodeError: (error: Value) => Effect.Effect<{ readonly error: E } | undefined>
  readonly lease: LeaseConfig | undefined
  readonly knownTags: KnownTags
  readonly store: Store
  readonly counters: Counters
  readonly health: Health
}

const day = 86_400_000

/** Generations of tags end when nobody uses them. An entry whose generation has ended is looked up again. */
export const generationTtl = ({ longestTtl, staleFor }: Pick<Config<never, never, never>, "longestTtl" | "staleFor">) =>
  Math.max(30 * day, 2 * (longestTtl + staleFor))
