import { load, type Peer, type Place } from "./Peer.ts"

interface Storage {
  readonly getItem: (key: string) => Promise<unknown>
  readonly setItem: (key: string, value: object) => Promise<unknown>
  readonly getItems: (keys: Array<string>) => Promise<unknown>
  readonly setItems: (items: ReadonlyArray<{ readonly key: string; readonly value: object }>) => Promise<unknown>
  readonly dispose: () => Promise<unknown>
}

interface UnstorageModule {
  readonly createStorage: (options?: { readonly driver: object }) => Storage
}

interface DriverModule {
  readonly default: (options: object) => object
}

export const overRedis = async ({ url, prefix }: Place): Promise<Peer> => {
  const { createStorage } = await load<UnstorageModule>("unstorage")
  const { default: driver } = await load<DriverModule>("unstorage/drivers/redis")
  return peer(createStorage({ driver: driver({ url, base: `${prefix}unstorage` }) }))
}

export const inMemory = async (): Promise<Peer> => {
  const { createStorage } = await load<UnstorageModule>("unstorage")
  return peer(createStorage())
}

const peer = (storage: Storage): Peer => ({
  subject: "unstorage",
  get: (key) => storage.getItem(key),
  set: (key, value) => storage.setItem(key, value),
  getMany: (keys) => storage.getItems(keys),
  setMany: (entries) => storage.setItems(entries.map(([key, value]) => ({ key, value }))),
  close: () => storage.dispose()
})
