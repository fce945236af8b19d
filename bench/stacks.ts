import type * as Layer from "effect/Layer"
import { type KeyValue, Retry, Stack, Statistics, Timeout, Tracing } from "../src/index.ts"
import type * as Redis from "../src/stores/Redis.ts"
import { aeadByHand, pyKeyValueByHand } from "./peers/byHand.ts"
import { aeadInFibers, fernetInFibers, policiesInFibers, pyKeyValueInFibers } from "./peers/byHandInFibers.ts"
import { encryptionKey } from "./secrets.ts"

type Store = Layer.Layer<KeyValue.KeyValue, unknown>

/** Wrappers over Redis. */
export interface StackOverRedis {
  readonly wrap: (store: Store) => Store
  readonly options?: Redis.CommonOptions
  /** The subjects that do the same work by hand. Ratios "by hand" compare with the first. */
  readonly byHand?: readonly [string, ...ReadonlyArray<string>]
  /** Whether it has a target. The others are only for comparison. */
  readonly hasTarget: boolean
}

const policies = (store: Store) =>
  store.pipe(Timeout.wrap(), Retry.wrap(), Statistics.wrap({ store: "bench" }), Tracing.wrap({ store: "bench" }))

const fernet = Stack.production({
  store: "bench",
  encryption: { keys: [encryptionKey] },
  compression: { minSize: "4 KiB" }
})

const aead = Stack.production({
  store: "bench",
  aead: { keys: [{ id: "1", key: encryptionKey }] },
  compression: { minSize: "4 KiB" }
})

const pyKeyValue = Stack.production({ store: "bench", encryption: { keys: [encryptionKey] }, envelope: "json" })

const bare = (store: Store) => store

const options = { coalesceReads: true }

export const stacks: Readonly<Record<string, StackOverRedis>> = {
  "effect-kv": { wrap: bare, hasTarget: true },
  "effect-kv, reads coalesced": { wrap: bare, options, hasTarget: false },
  policies: { wrap: policies, hasTarget: true },
  "policies, reads coalesced": { wrap: policies, options, byHand: [policiesInFibers], hasTarget: true },
  "production, Fernet": { wrap: fernet, byHand: [fernetInFibers], hasTarget: true },
  "production, Aead": { wrap: aead, byHand: [aeadByHand], hasTarget: false },
  "production, Aead, reads coalesced": { wrap: aead, options, byHand: [aeadInFibers], hasTarget: true },
  "production, py-key-value's envelopes": {
    wrap: pyKeyValue,
    byHand: [pyKeyValueByHand, pyKeyValueInFibers],
    hasTarget: true
  }
}
