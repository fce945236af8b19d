import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { type KeyValue, Retry, Stack, Statistics, Timeout, Tracing } from "../../src/index.ts"
import * as Redis from "../../src/stores/Redis.ts"
import { measure, type Sample } from "../measure.ts"
import * as byHand from "../peers/byHand.ts"
import * as ioredis from "../peers/ioredis.ts"
import type { Place } from "../peers/Peer.ts"
import { ofLayer, ofPeer, type Store } from "../Store.ts"
import { encryptionKey, secret } from "../secrets.ts"
import { redis } from "../servers.ts"
import { oneKiB, sixtyFourKiB } from "../values.ts"
import type { Section } from "./Section.ts"

type StoreLayer = Layer.Layer<KeyValue.KeyValue, unknown>

const policies = (store: StoreLayer) =>
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

const pyKeyValueStack = Stack.production({ store: "bench", encryption: { keys: [encryptionKey] }, envelope: "json" })

const ours = ({ url, prefix }: Place) => {
  const over = (subject: string, stack: (store: StoreLayer) => StoreLayer, options: Redis.CommonOptions = {}) =>
    ofLayer(subject, stack(Redis.layer({ url, prefix: `${prefix}${subject.replaceAll(" ", "-")}:`, ...options })))
  const coalesced = { coalesceReads: true }
  return {
    bare: over("effect-kv", (store) => store),
    bareCoalesced: over("effect-kv, reads coalesced", (store) => store, coalesced),
    policies: over("policies", policies),
    policiesCoalesced: over("policies, reads coalesced", policies, coalesced),
    fernet: over("production, Fernet", fernet),
    aead: over("production, Aead", aead),
    aeadCoalesced: over("production, Aead, reads coalesced", aead, coalesced),
    pyKeyValue: over("production, py-key-value's envelopes", pyKeyValueStack)
  }
}

/** What wrappers cost over Redis. */
export const stacks: Section = {
  name: "stacks",
  title: "Stacks over Redis",
  about:
    "64 callers. `policies` is Timeout, Retry, Statistics and Tracing, with no tracer installed; `production` adds encryption, and compression from 4 KiB (with py-key-value's envelopes from 1 KiB, as there); `by hand` is the same codecs called around ioredis.",
  needsRedis: true,
  run: Effect.fnUntraced(function* (plan) {
    const place = yield* redis
    const samples: Array<Sample> = []
    const raw = yield* ofPeer(() => ioredis.overRedis(place))
    const corked = yield* ofPeer(() => ioredis.corked(place))
    const hand = yield* Effect.forEach(byHand.overRedis(place, secret), ofPeer)
    const stacks = yield* Effect.all(ours(place))
    const withoutTarget: ReadonlyArray<Store> = [corked, stacks.bareCoalesced, stacks.aead]
    const all = [raw, corked, ...hand, ...Object.values(stacks)].filter(
      (store) => plan.everything || !withoutTarget.includes(store)
    )
    for (const store of all) yield* Effect.promise(() => store.fill(oneKiB))
    const amount = { rounds: plan.rounds, callers: [64], latencies: plan.everything }
    samples.push(
      ...(yield* Effect.promise(() =>
        measure(
          "stacks, 1 KiB",
          all.flatMap((store) => store.singles(oneKiB)),
          { ...amount, times: 5000 * plan.scale }
        )
      ))
    )
    if (!plan.everything) return samples
    const large = [raw, corked, ...hand, stacks.bare, stacks.policies, stacks.fernet, stacks.aead, stacks.pyKeyValue]
    for (const store of large) yield* Effect.promise(() => store.fill(sixtyFourKiB))
    samples.push(
      ...(yield* Effect.promise(() =>
        measure(
          "stacks, 64 KiB",
          large.flatMap((store) => store.singles(sixtyFourKiB)),
          { ...amount, times: 64 * plan.scale }
        )
      ))
    )
    return samples
  })
}
