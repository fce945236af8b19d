/** TLS connections to Redis. */
import { createServer, type Server } from "node:net"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "../../../src/stores/Redis.ts"

/** A server that closes a connection at its first data; returns its port and the first byte that it received. */
const listener = Effect.map(
  Effect.acquireRelease(
    Effect.callback<{ readonly server: Server; readonly heard: Array<number> }>((resume) => {
      const heard: Array<number> = []
      const server = createServer((socket) =>
        socket
          .on("error", () => {})
          .once("data", (data) => {
            heard.push(data[0]!)
            socket.destroy()
          })
      )
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, heard })))
    }),
    ({ server }) => Effect.sync(() => server.close())
  ),
  ({ server, heard }) => ({ port: (server.address() as { readonly port: number }).port, heard })
)

/** The first byte of a TLS handshake. A command of Redis starts with `*`. */
const handshake = 0x16

it.live("connects with TLS for a rediss:// URL", () =>
  Effect.gen(function* () {
    for (const [scheme, first] of [
      ["rediss", handshake],
      ["redis", "*".charCodeAt(0)]
    ] as const) {
      const { port, heard } = yield* listener
      const layer = Redis.layer({ url: `${scheme}://127.0.0.1:${port}`, connectTimeout: "2 seconds" })
      const error = yield* Effect.flip(Layer.build(layer))
      assert.strictEqual(error._tag, "StoreSetupError")
      assert.strictEqual(heard[0], first, scheme)
    }
  })
)
