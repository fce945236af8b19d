/** Tests random sequences of operations on Redis against a model. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "../../src/stores/Redis.ts"
import { describeWithRedis } from "../servers/redis.ts"
import { likeTheModelLive } from "./likeTheModel.ts"

describeWithRedis("the model of a map with a clock, compared with Redis", (server) => {
  const layer = Layer.unwrap(Effect.sync(() => Redis.layer({ url: server().url, prefix: "model:" })))
  likeTheModelLive("Redis", layer)
})
