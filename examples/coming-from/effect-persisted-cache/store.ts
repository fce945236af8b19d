/**
 * The entries of Effect's `Persistence.layerRedis` as a store of effect-kv that can be read, listed and emptied. Their
 * collections are named as those of `EffectStore.toBackingPersistence`.
 */
import * as RedisEntries from "../redisEntries.ts"

const prefix = "effect_persistence_"

const format: RedisEntries.Format = {
  prefixOf: (collection) => `${collection.slice(prefix.length).replaceAll("%", "%25").replaceAll(":", "%3A")}:`,
  decode: async (stored) => stored.map((it) => it && { value: JSON.parse(it.text), expiresAt: it.expiresAt })
}

export const layer = (options: RedisEntries.Options) => RedisEntries.layer(format, options)
