import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "../../src/stores/Redis.ts"
import { describeWithRedis } from "../servers/redis.ts"
import { likeTheModelLive } from "./likeTheModel.ts"

describeWithRedis("does what a map does", (server) => {
  const layer = Layer.unwrap(Effect.sync(() => Redis.layer({ url: server().url, prefix: "model:" })))
  likeTheModelLive("Redis", layer)
})
