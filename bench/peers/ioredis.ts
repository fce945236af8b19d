import { Redis } from "ioredis"
import type { Peer, Place } from "./Peer.ts"

/** What everybody is measured by: the client and JSON. */
export const alone = "ioredis + JSON"

export const overRedis = async ({ url, prefix }: Place): Promise<Peer> => over(alone, new Redis(url), prefix)

/** The same corked: less work and better use of the socket can be told apart. */
export const corked = async ({ url, prefix }: Place): Promise<Peer> => {
  const client = new Redis(url)
  return over("ioredis + JSON, corked", client, prefix, corker(client))
}

/** What is called before something is sent, so that all of one turn of the event loop leaves in one system call. */
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
