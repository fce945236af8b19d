/**
 * The values of bentocache in Redis as a store of effect-kv: each collection is a namespace.
 */
import * as RedisEntries from "../redisEntries.ts"

/** What bentocache stores with its default serializer. */
interface Item {
  readonly value: unknown
  readonly createdAt: number
  /** Absent if the value does not expire. */
  readonly logicalExpiration?: number
  readonly tags?: ReadonlyArray<string>
}

const tagPrefix = "___bc:t:"

/** Values that have expired, or that `deleteByTag` has made invalid, are missing. */
export const layer = (options: RedisEntries.Options & { readonly prefix?: string }) => {
  const prefixOf = (namespace: string) => `${options.prefix ?? "bentocache"}:${namespace}:`
  const format: RedisEntries.Format = {
    prefixOf,
    isOther: (key) => key.startsWith(tagPrefix),
    decode: async (stored, namespace, read) => {
      const items = stored.map((it) => (it === undefined ? undefined : (JSON.parse(it.text) as Item)))
      const tags = [...new Set(items.flatMap((item) => item?.tags ?? []))]
      const marks = await read(tags.map((tag) => prefixOf(namespace) + tagPrefix + tag))
      const deletedAt = new Map(tags.map((tag, i) => [tag, marks[i] ? (JSON.parse(marks[i]) as Item).value : 0]))
      return items.map((item) => {
        if (item === undefined) return undefined
        const { value, createdAt, logicalExpiration: expiresAt, tags = [] } = item
        const isDeleted = tags.some((tag) => createdAt <= Number(deletedAt.get(tag)))
        return isDeleted || (expiresAt !== undefined && expiresAt <= Date.now()) ? undefined : { value, expiresAt }
      })
    }
  }
  return RedisEntries.layer(format, options)
}
