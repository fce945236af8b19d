/** The store contract on Memory, with and without limits. */
import * as Memory from "../../src/stores/Memory.ts"
import { allCapabilities as capabilities } from "../../src/testing/StoreContract.ts"
import { contract } from "./suite.ts"

contract("Memory without limits", Memory.layer(), { capabilities })

contract("Memory with at most 500 entries", Memory.layer({ maxEntries: 500 }), { capabilities, maxEntries: 500 })

contract("Memory with at most 500 entries per collection", Memory.layer({ maxEntries: 500, limitsPer: "collection" }), {
  capabilities,
  maxEntries: 500
})

contract("Memory with at most 16 MiB", Memory.layer({ maxSize: "16 MiB" }), { capabilities })
