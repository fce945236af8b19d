/**
 * The service on Redis:
 *
 *     export SESSION_KEY=$(openssl rand -base64 32) SESSION_NAME_KEY=$(openssl rand -base64 32)
 *     REDIS_URL=redis://localhost:6379 npx node --conditions=@effect-kv/source examples/sessions/main.ts
 */
import { createServer } from "node:http"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Redacted } from "effect"
import { Server, Users } from "./server.ts"
import { SessionsOnRedis } from "./store.ts"

/** In a real program: a database with hashed passwords. */
const UsersLive = Layer.succeed(Users, {
  verify: (user, password) => Effect.succeed(user === "alice" && Redacted.value(password) === "wonderland")
})

Server.pipe(
  // The HTTP server is provided before the store, so its port opens when the store is ready. In the other order, requests that
  // arrive before that get no reply.
  Layer.provide(NodeHttpServer.layer(createServer, { port: 3000 })),
  Layer.provide([UsersLive, SessionsOnRedis]),
  Layer.launch,
  NodeRuntime.runMain
)
