import * as Effect from "effect/Effect"
import * as Redis from "../../src/stores/Redis.ts"
import { type Amount, measure } from "../measure.ts"
import * as bentocache from "../peers/bentocache.ts"
import * as byHand from "../peers/byHand.ts"
import * as byHandInFibers from "../peers/byHandInFibers.ts"
import * as cacheable from "../peers/cacheable.ts"
import * as cacheManager from "../peers/cacheManager.ts"
import * as effectPersistence from "../peers/effectPersistence.ts"
import * as ioredis from "../peers/ioredis.ts"
import * as keyv from "../peers/keyv.ts"
import type { Place } from "../peers/Peer.ts"
import * as unstorage from "../peers/unstorage.ts"
import { ofLayer, ofPeer, type Store } from "../Store.ts"
import { redis } from "../servers.ts"
import { oneKiB } from "../values.ts"
import type { Plan, Section } from "./Section.ts"

const floors = (place: Place) => [
  ...[ioredis.overRedis, ioredis.corked, byHand.entriesOverRedis].map((open) => ofPeer(() => open(place))),
  byHandInFibers.entriesOverRedis(place)
]

const peers = (place: Place) => [
  effectPersistence.overRedis(place),
  ...[keyv, unstorage, cacheable, cacheManager, bentocache].map(({ overRedis }) => ofPeer(() => overRedis(place)))
]

const ours = ({ url, prefix }: Place) => [
  ofLayer("effect-kv", Redis.layer({ url, prefix: `${prefix}bare:` })),
  ofLayer("effect-kv, reads coalesced", Redis.layer({ url, prefix: `${prefix}coalesced:`, coalesceReads: true }))
]

/** All stores, with the values that are read in them. */
const stores = Effect.fnUntraced(function* ({ everything }: Plan) {
  const place = yield* redis
  const opened: ReadonlyArray<Store> = yield* Effect.all([
    ...floors(place),
    ...ours(place),
    ...(everything ? peers(place) : [])
  ])
  for (const store of opened) yield* Effect.promise(() => store.fill(oneKiB))
  return opened
})

const amount = (plan: Plan, all: ReadonlyArray<number>): Amount => ({
  turns: plan.turns,
  callers: plan.everything ? all : [64],
  latencies: plan.everything
})

/** Single operations, of all libraries. */
export const redisSingle: Section = {
  name: "redis",
  title: "Redis, single operations",
  about:
    "Values of 1 KiB of JSON, a different value for each put. 1,000 keys. keyv is keyv 5. bentocache asks for ioredis ^5.3.2 and unstorage for ^5.4.2; both ran on ioredis 6.",
  needsRedis: true,
  run: Effect.fnUntraced(function* (plan) {
    const all = yield* stores(plan)
    const candidates = all.flatMap((store) => store.singles(oneKiB))
    return yield* Effect.promise(() => measure("redis", candidates, amount(plan, [1, 32, 64, 256])))
  })
}

/** Batches of 100, of all libraries. */
export const redisBatches: Section = {
  name: "batches",
  title: "Redis, batches of 100",
  about:
    "The same values. The figures are per entry; a batch has 100 entries. bentocache has no batches, so it makes 100 calls.",
  needsRedis: true,
  run: Effect.fnUntraced(function* (plan) {
    const all = yield* stores(plan)
    const candidates = all.flatMap((store) => store.batches(oneKiB))
    return yield* Effect.promise(() =>
      measure("batches", candidates, { ...amount(plan, [1, 32, 64]), turns: plan.turns / 2 })
    )
  })
}
