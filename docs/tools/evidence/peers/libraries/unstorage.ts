import { type Library, load, type Place, type Store } from "../Library.ts"

interface Storage {
  readonly getItem: (key: string) => Promise<unknown>
  readonly setItem: (key: string, value: unknown, options?: { readonly ttl: number }) => Promise<unknown>
  readonly getKeys: () => Promise<ReadonlyArray<string>>
  readonly clear: () => Promise<unknown>
  readonly dispose: () => Promise<unknown>
}

interface UnstorageModule {
  readonly createStorage: (options?: { readonly driver: object }) => Storage
}

interface DriverModule {
  readonly default: (options: object) => object
}

const open = async ({ url, prefix }: Place, options: object): Promise<Storage> => {
  const { createStorage } = await load<UnstorageModule>("unstorage")
  if (url === undefined) return createStorage()
  const { default: driver } = await load<DriverModule>("unstorage/drivers/redis")
  return createStorage({ driver: driver({ url, ...(prefix === undefined ? {} : { base: prefix }), ...options }) })
}

const store =
  (options: object) =>
  async (place: Place): Promise<Store> => {
    const storage = await open(place, options)
    return {
      get: (key) => storage.getItem(key),
      // Its Redis driver takes seconds.
      set: (key, value, ttl) => storage.setItem(key, value, ttl === undefined ? undefined : { ttl: ttl / 1000 }),
      clear: () => storage.clear(),
      keys: () => storage.getKeys(),
      close: () => storage.dispose()
    }
  }

export const unstorage: Library = {
  name: "unstorage",
  store: store({}),
  bundle: `
    import { createStorage } from "unstorage"
    const storage = createStorage()
    export const program = storage.setItem("key", 1).then(() => storage.getItem("key"))`
}

/** With options of ioredis: no command waits for a connection, or is sent again. */
export const unstorageWithoutQueue: Library = {
  name: "unstorage, no queue",
  only: ["outage", "lost"],
  store: store({ enableOfflineQueue: false, maxRetriesPerRequest: 0 })
}
