import { type Library, load, type Place, type Store } from "../Library.ts"

interface Keyv {
  readonly get: (key: string) => Promise<unknown>
  readonly set: (key: string, value: unknown, ttl?: number) => Promise<unknown>
  readonly clear: () => Promise<unknown>
  readonly disconnect: () => Promise<unknown>
  readonly iterator: () => AsyncIterable<readonly [string, unknown]>
  readonly on: (event: "error", listener: (error: unknown) => void) => void
}

interface KeyvModule {
  readonly Keyv: new (options: object) => Keyv
}

interface KeyvRedisModule {
  readonly default: new (url: string, options?: object) => object
}

/** A Keyv of either version. The newest Redis adapter is made for version 5; version 6 wraps it in a bridge. */
export const keyvOver = async (version: "keyv" | "keyv-6", { url, prefix }: Place): Promise<Keyv> => {
  const { Keyv } = await load<KeyvModule>(version)
  const namespace = prefix === undefined ? {} : { namespace: prefix }
  if (url === undefined) return new Keyv(namespace)
  const { default: KeyvRedis } = await load<KeyvRedisModule>("@keyv/redis")
  return new Keyv({
    ...namespace,
    store: new KeyvRedis(url, namespace),
    ...(version === "keyv" ? { useKeyPrefix: false } : {})
  })
}

export const keysOf = async (keyv: Keyv): Promise<Array<string>> => {
  const keys: Array<string> = []
  for await (const [key] of keyv.iterator()) keys.push(key)
  return keys
}

const store =
  (listens: boolean) =>
  async (place: Place): Promise<Store> => {
    const keyv = await keyvOver("keyv-6", place)
    if (listens) keyv.on("error", () => {})
    return {
      get: (key) => keyv.get(key),
      set: (key, value, ttl) => keyv.set(key, value, ttl),
      clear: () => keyv.clear(),
      keys: () => keysOf(keyv),
      close: () => keyv.disconnect()
    }
  }

const bundle = `
  import { Keyv } from "keyv-6"
  const keyv = new Keyv()
  export const program = keyv.set("key", 1).then(() => keyv.get("key"))`

/** With a listener for `error`, as its documentation recommends. */
export const keyv: Library = { name: "keyv", store: store(true), bundle }

/** The same without a listener. */
export const keyvWithoutListener: Library = { name: "keyv, no `error` listener", store: store(false), bundle }
