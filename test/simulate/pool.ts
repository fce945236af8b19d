/** Worker threads, each with one task at a time. */
import { Worker } from "node:worker_threads"
import { Data, Effect, Queue } from "effect"
import type { Done, Task } from "./task.ts"

export class WorkerFailed extends Data.TaggedError("WorkerFailed")<{ readonly cause: unknown }> {}

/** The call stack is as large as that of a main thread, so that recursion overflows here as it does there. */
const start = Effect.acquireRelease(
  Effect.sync(() => new Worker(new URL("worker.ts", import.meta.url), { resourceLimits: { stackSizeMb: 1 } })),
  (worker) => Effect.promise(() => worker.terminate())
)

const perform = (worker: Worker, task: Task): Effect.Effect<Done, WorkerFailed> =>
  Effect.callback((resume) => {
    const forget = () => worker.off("message", onMessage).off("error", onError)
    const onMessage = (done: Done) => {
      forget()
      resume(Effect.succeed(done))
    }
    const onError = (cause: unknown) => {
      forget()
      resume(Effect.fail(new WorkerFailed({ cause })))
    }
    worker.on("message", onMessage).on("error", onError)
    worker.postMessage(task)
    return Effect.sync(forget)
  })

/** Performs all tasks with a number of workers, and reports when each is done. */
export const performAll = Effect.fn("simulate.performAll")(
  function* (tasks: ReadonlyArray<Task>, jobs: number, onDone: (done: Done) => Effect.Effect<void>) {
    const free = yield* Queue.unbounded<Worker>()
    yield* Effect.forEach(Array.from({ length: Math.min(jobs, tasks.length) }), () =>
      Effect.flatMap(start, (worker) => Queue.offer(free, worker))
    )
    return yield* Effect.forEach(
      tasks,
      Effect.fn(function* (task) {
        const worker = yield* Queue.take(free)
        const done = yield* perform(worker, task)
        yield* Queue.offer(free, worker)
        yield* onDone(done)
        return done
      }),
      { concurrency: jobs }
    )
  },
  (effect) => Effect.scoped(effect)
)
