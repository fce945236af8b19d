import { assert, describe, it, vi } from "@effect/vitest"
import { defaultScenario } from "../../live/engine/presets.ts"
import type { Answer, Ask } from "../../live/engine/worker.ts"
import type { Scenario } from "../../live/model.ts"

describe("the worker", () => {
  it("answers the latest of several scenarios, hands over the steps, and goes on after a failure", async () => {
    const answers: Array<Answer> = []
    const transferred: Array<number> = []
    let ask: ((event: { readonly data: Ask }) => void) | undefined
    vi.stubGlobal("addEventListener", (_type: string, listener: NonNullable<typeof ask>) => {
      ask = listener
    })
    vi.stubGlobal(
      "postMessage",
      (answer: Answer, { transfer = [] }: { readonly transfer?: ReadonlyArray<unknown> } = {}) => {
        answers.push(answer)
        transferred.push(transfer.length)
      }
    )
    await import("../../live/engine/worker.ts")
    const send = (id: number, scenario: Scenario) => ask!({ data: { id, scenario } })
    const short = { ...defaultScenario, seconds: 2 }

    for (const id of [1, 2, 3]) send(id, { ...short, seed: id })
    await vi.waitFor(() => assert.strictEqual(answers.length, 1))
    send(4, { ...short, stack: [{ name: "Nothing" as "Retry", options: {} }] })
    await vi.waitFor(() => assert.strictEqual(answers.length, 2))
    send(5, short)
    await vi.waitFor(() => assert.strictEqual(answers.length, 3))

    assert.deepStrictEqual(
      answers.map((answer) => [answer.id, "run" in answer ? answer.run.scenario.seed : "error"]),
      [
        [3, 3],
        [4, "error"],
        [5, short.seed]
      ]
    )
    assert.deepStrictEqual(transferred, [5, 0, 5])
    vi.unstubAllGlobals()
  })
})
