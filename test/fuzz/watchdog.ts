/** Ends the process from another thread when the main thread makes no progress. */
import { Worker } from "node:worker_threads"

/** Shares the current input with the other thread. */
export class Watchdog {
  private readonly shared = new SharedArrayBuffer(8 + 2 ** 20)
  private readonly turns = new Int32Array(this.shared, 0, 2)
  private readonly text = new Uint8Array(this.shared, 8)
  private readonly worker: Worker

  /** After `seconds` without a call of `at`, prints the text of the last call and kills the process. */
  constructor(seconds: number) {
    this.worker = new Worker(source, { eval: true, workerData: { shared: this.shared, seconds } })
    this.worker.unref()
  }

  at(where: string, input: Uint8Array): void {
    const text = Buffer.from(`${where}\n  input ${Buffer.from(input.subarray(0, 2 ** 19)).toString("base64")}`)
    this.text.set(text)
    this.turns[1] = text.length
    Atomics.add(this.turns, 0, 1)
  }

  stop(): Promise<number> {
    return this.worker.terminate()
  }
}

const source = `
const { workerData: { shared, seconds } } = require("node:worker_threads")
const turns = new Int32Array(shared, 0, 2)
let last = -1
let since = Date.now()
setInterval(() => {
  const turn = Atomics.load(turns, 0)
  if (turn !== last) {
    last = turn
    since = Date.now()
  } else if (turn > 0 && Date.now() - since > seconds * 1000) {
    const text = Buffer.from(new Uint8Array(shared, 8, turns[1])).toString()
    require("node:fs").writeSync(2, "✗ no progress for " + seconds + " s: " + text + "\\n")
    process.kill(process.pid, "SIGKILL")
  }
}, 200)
`
