/** Performs the tasks that it receives, and sends back their results. */
import { parentPort } from "node:worker_threads"
import { Effect } from "effect"
import { perform, type Task } from "./task.ts"

parentPort!.on("message", (task: Task) => {
  Effect.runPromise(perform(task)).then(
    (done) => parentPort!.postMessage(done),
    (error) => {
      throw error
    }
  )
})
