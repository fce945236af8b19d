import { Redis } from "ioredis"
import type { Peer, Place } from "./Peer.ts"

/** The baseline for all: the client and JSON. */
export const alone = "ioredis + JSON"

export const overRedis = async ({ url, prefix }: Place): Promise<Peer> => over(alone, new Redis(url), prefix)

/** The same with a corked socket. It shows how much of a gain comes from the socket, and how much from less work. */
export const corked = async ({ url, prefix }: Place): Promise<Peer> => {
  const client = new Redis(url)
  return over("ioredis + JSON, corked", client, prefix, corker(client))
}

/**
 * Returns a function to call before sending. It makes all commands of one turn of the event loop leave in one system
 * call.
 */
export const corker = (client: Redis): (() => void) => {
  let isCorked = false
  return () => {
    const { stream } = client
    if (isCorked || stream === undefined) return
    isCorked = true
    stream.cork()
    process.nextTick(() => {
      isCorked = false
      stream.uncork()
    })
  }
}

const over = (subject: string, client: Redis, prefix: string, before: () => void = () => {}): Peer => {
  const name = (key: string) => `${prefix}${subject}:${key}`
  return {
    subject,
    get: async (key) => {
      before()
      return parse(await client.get(name(key)))
    },
    set: (key, value) => {
      before()
      return client.set(name(key), JSON.stringify(value))
    },
    getMany: async (keys) => {
      before()
      return (await client.mget(keys.map(name))).map(parse)
    },
    setMany: (entries) => {
      before()
      return client.pipeline(entries.map(([key, value]) => ["set", name(key), JSON.stringify(value)])).exec()
    },
    close: async () => client.disconnect()
  }
}

const parse = (text: string | null): unknown => (text === null ? undefined : JSON.parse(text))
