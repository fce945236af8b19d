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
  readonly createKeyvNonBlocking: (connect: string, options?: object) => Keyv
  readonly default: new (connect: string | object, options?: object) => object
}

/** A Keyv of either version. The newest Redis adapter is made for version 5; version 6 wraps it in a bridge. */
export const keyvOver = async (
  version: "keyv" | "keyv-6",
  { url, prefix, listens = true }: Place,
  isStrict = false
): Promise<Keyv> => {
  const { Keyv } = await load<KeyvModule>(version)
  const namespace = prefix === undefined ? {} : { namespace: prefix }
  if (url === undefined) return new Keyv(namespace)
  const { default: KeyvRedis } = await load<KeyvRedisModule>("@keyv/redis")
  const keyv = new Keyv({
    ...namespace,
    store: isStrict
      ? new KeyvRedis({ url, disableOfflineQueue: true }, { ...namespace, throwOnErrors: true })
      : new KeyvRedis(url, namespace),
    ...(version === "keyv" ? { useKeyPrefix: false } : {})
  })
  if (listens) keyv.on("error", () => {})
  return keyv
}

/** A Keyv 5 whose client does not wait for a connection, as the READMEs of cacheable and `@keyv/redis` recommend. */
export const keyvNonBlocking = async (url: string): Promise<Keyv> => {
  const { createKeyvNonBlocking } = await load<KeyvRedisModule>("@keyv/redis")
  const keyv = createKeyvNonBlocking(url)
  keyv.on("error", () => {})
  return keyv
}

export const keysOf = async (keyv: Keyv): Promise<Array<string>> => {
  const keys: Array<string> = []
  for await (const [key] of keyv.iterator()) keys.push(key)
  return keys
}

const store =
  (isStrict: boolean, version: "keyv" | "keyv-6" = "keyv-6") =>
  async (place: Place): Promise<Store> => {
    const keyv = await keyvOver(version, place, isStrict)
    return {
      get: (key) => keyv.get(key),
      set: (key, value, ttl) => keyv.set(key, value, ttl),
      clear: () => keyv.clear(),
      keys: () => keysOf(keyv),
      close: () => keyv.disconnect()
    }
  }

export const keyv: Library = {
  name: "keyv",
  store: store(false),
  bundle: `
    import { Keyv } from "keyv-6"
    const keyv = new Keyv()
    export const program = keyv.set("key", 1).then(() => keyv.get("key"))`
}

/** With options of its Redis adapter and client: errors are thrown to keyv, and no command waits for a connection. */
export const keyvWithoutQueue: Library = { name: "keyv, no queue", only: ["outage", "lost"], store: store(true) }

/** The version that `@keyv/redis` asks for. */
export const keyvFive: Library = { name: "keyv 5.6.0", only: ["unheard"], store: store(false, "keyv") }
