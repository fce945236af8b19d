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

const open = async ({ url, prefix }: Place): Promise<Storage> => {
  const { createStorage } = await load<UnstorageModule>("unstorage")
  if (url === undefined) return createStorage()
  const { default: driver } = await load<DriverModule>("unstorage/drivers/redis")
  return createStorage({ driver: driver(prefix === undefined ? { url } : { url, base: prefix }) })
}

export const unstorage: Library = {
  name: "unstorage",
  store: async (place): Promise<Store> => {
    const storage = await open(place)
    return {
      get: (key) => storage.getItem(key),
      // Its Redis driver takes seconds.
      set: (key, value, ttl) => storage.setItem(key, value, ttl === undefined ? undefined : { ttl: ttl / 1000 }),
      clear: () => storage.clear(),
      keys: () => storage.getKeys(),
      close: () => storage.dispose()
    }
  },
  bundle: `
    import { createStorage } from "unstorage"
    const storage = createStorage()
    export const program = storage.setItem("key", 1).then(() => storage.getItem("key"))`
}
