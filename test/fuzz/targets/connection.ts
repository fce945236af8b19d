/** Connections to a Redis that refuses them, with URLs that contain a password, some of them damaged. */
import { Duration, Effect, Layer, Redacted } from "effect"
import { KeyValue } from "effect-kv"
import * as Redis from "effect-kv/Redis"
import * as redisServer from "../../servers/redis.ts"
import { mutate } from "../mutations.ts"
import { password } from "../secrets.ts"
import { build } from "../stack.ts"
import type { Instance, Target, Way } from "../target.ts"

const use = (options: Redis.Options): Effect.Effect<unknown, unknown> =>
  build(Redis.layer(options), (store) => store).pipe(
    Effect.flatMap((context) =>
      Effect.provide(
        KeyValue.KeyValue.use((kv) => kv.get("k")),
        Layer.succeedContext(context)
      )
    ),
    Effect.scoped
  )

export const connection: Target = {
  name: "Redis, refused",
  weight: 0.1,
  make: Effect.gen(function* () {
    const { port } = yield* redisServer.server()
    yield* redisServer.command(port, "config", "set", "requirepass", "another")
    const urls = [
      `redis://:${password}@127.0.0.1:${port}`,
      `redis://user:${password}@127.0.0.1:${port}/3`,
      `redis://user:${password}@127.0.0.1:1`,
      `redis://127.0.0.1:${port}?password=${password}`
    ].map((url) => Buffer.from(url))
    const to = { connectTimeout: Duration.millis(300) }
    /** Only this host may be contacted, whatever the URL says. Paths of sockets are not secrets. */
    const isLocal = (url: string): boolean => /(@|\/\/)127\.0\.0\.1:/.test(url) && !/^\/[^/]/.test(url)
    const local =
      (f: (url: string) => Redis.Options): Way =>
      (_, input) => {
        const url = Buffer.from(input).toString()
        return isLocal(url) ? use({ ...to, ...f(url) } as Redis.Options) : Effect.undefined
      }
    return {
      batch: 1,
      input: (dice) => {
        const url = dice.pick(urls)
        return dice.oneIn(3) ? url : mutate(dice, url, url)
      },
      store: () => Effect.void,
      ways: {
        url: local((url) => ({ url })),
        "redacted URL, lazily": local((url) => ({ url: Redacted.make(url), lazyConnect: true })),
        password: () => use({ ...to, url: `redis://127.0.0.1:${port}`, password: Redacted.make(password) }),
        options: () => use({ ...to, options: { host: "127.0.0.1", port, username: "user", password } }),
        database: () =>
          use({ ...to, url: `redis://:another@127.0.0.1:${port}/999`, password: Redacted.make("another") })
      }
    } satisfies Instance
  })
}
