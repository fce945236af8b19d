/** The slots of a Redis Cluster: how names map to slots, and slots to nodes. */
import { assert, describe, it } from "@effect/vitest"
import { ownersOf, slotCount, slotOf, viewOf } from "../../../src/stores/redis/slots.ts"

const nodes = (...lines: ReadonlyArray<string>) => `${lines.join("\n")}\n`

describe("slots", () => {
  it("are the same as the server's for a name", () => {
    assert.deepStrictEqual(
      ["123456789", "foo", "{user1000}.following", "{user1000}.followers", "foo{}{bar}", "foo{{bar}}zap", ""].map(
        slotOf
      ),
      [12_739, 12_182, 3443, 3443, 8363, 4015, 0]
    )
  })

  it("are parsed together with the slots that are being migrated", () => {
    const view = viewOf(
      nodes(
        "a 127.0.0.1:1@11 myself,master - 0 0 1 connected 0-2 7 [3->-b] [9-<-b]",
        "b 127.0.0.1:2@12,host-b master - 0 0 5 connected 8-16383",
        "c 127.0.0.1:3@13 slave a 0 0 1 connected"
      )
    )
    assert.strictEqual(view.id, "a")
    assert.deepStrictEqual(view.claims, [
      {
        id: "a",
        epoch: 1,
        ranges: [
          [0, 2],
          [7, 7]
        ]
      },
      { id: "b", epoch: 5, ranges: [[8, 16_383]] }
    ])
    assert.deepStrictEqual([...view.leaving], [[3, "b"]])
  })

  it("belong to the node with the highest epoch in all views", () => {
    const stale = viewOf(nodes("old 127.0.0.1:1@11 myself,master - 0 0 1 connected 0-16383"))
    const fresh = viewOf(
      nodes(
        "new 127.0.0.1:2@12 myself,master - 0 0 7 connected 0-99",
        "old 127.0.0.1:1@11 master,fail - 0 0 1 disconnected 100-16382"
      )
    )
    for (const views of [
      [stale, fresh],
      [fresh, stale]
    ]) {
      const owners = ownersOf(views)
      assert.deepStrictEqual([owners[0], owners[99], owners[100], owners[slotCount - 1]], ["new", "new", "old", "old"])
    }
    assert.strictEqual(ownersOf([fresh])[slotCount - 1], "")
  })
})
