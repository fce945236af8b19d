import { describe } from "@effect/vitest"
import * as Memory from "../../src/stores/Memory.ts"
import * as Sqlite from "../../src/stores/Sqlite.ts"
import { likeTheModel } from "./likeTheModel.ts"

describe("does what a map with a clock does", () => {
  likeTheModel("Memory", Memory.layer())
  likeTheModel("Memory, limits per collection", Memory.layer({ limitsPer: "collection", maxSize: "1 GiB" }))
  likeTheModel("Sqlite", Sqlite.layer())
})
