/** Tests random sequences of operations on stores against a model. */
import { describe } from "@effect/vitest"
import * as Memory from "../../src/stores/Memory.ts"
import * as Sqlite from "../../src/stores/Sqlite.ts"
import { likeTheModel } from "./likeTheModel.ts"

describe("the model of a map with a clock, compared with stores", () => {
  likeTheModel("Memory", Memory.layer())
  likeTheModel("Memory with limits per collection", Memory.layer({ limitsPer: "collection", maxSize: "1 GiB" }))
  likeTheModel("Sqlite", Sqlite.layer())
})
