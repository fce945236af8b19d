import { load, type Peer, type Place, resolved } from "./Peer.ts"

export interface Keyv {
  readonly get: (key: string) => Promise<unknown>
  readonly set: (key: string, value: object) => Promise<unknown>
  readonly getMany: (keys: Array<string>) => Promise<unknown>
  readonly setMany: (entries: ReadonlyArray<{ readonly key: string; readonly value: object }>) => Promise<unknown>
  readonly disconnect: () => Promise<unknown>
}

interface KeyvModule {
  readonly Keyv: new (options?: object) => Keyv
}

interface KeyvRedisModule {
  readonly default: new (url: string, options: object) => object
}

/** A keyv store over `@keyv/redis`. cacheable and cache-manager use it, too. */
export const keyvOverRedis = async ({ url, prefix }: Place, subject: string): Promise<Keyv> => {
  const { default: KeyvRedis } = await load<KeyvRedisModule>("@keyv/redis")
  const { Keyv } = await load<KeyvModule>("keyv")
  return new Keyv({ store: new KeyvRedis(url, { namespace: `${prefix}${subject}` }), useKeyPrefix: false })
}

export const overRedis = async (place: Place): Promise<Peer> => peer("keyv", await keyvOverRedis(place, "keyv"))

/** keyv 5, which its Redis adapter is made for, and the newest version. */
export const five = async (): Promise<Peer> => inMemory("keyv 5", await load<KeyvModule>("keyv"))

export const six = async (): Promise<Peer> => inMemory("keyv 6", await load<KeyvModule>("keyv-6"))

const inMemory = (subject: string, { Keyv }: KeyvModule): Peer => peer(subject, new Keyv())

const peer = (subject: string, keyv: Keyv): Peer => ({
  subject,
  get: (key) => keyv.get(key),
  set: (key, value) => keyv.set(key, value),
  getMany: (keys) => keyv.getMany(keys),
  setMany: (entries) => keyv.setMany(entries.map(([key, value]) => ({ key, value }))),
  close: () => keyv.disconnect() ?? resolved
})
