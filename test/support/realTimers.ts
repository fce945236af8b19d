/**
 * Fails a test file that runs in a process with fake timers. Test files share processes, and a test that does not restore
 * the timers would make the next file hang.
 */
const names = ["setTimeout", "clearTimeout", "setInterval", "setImmediate", "queueMicrotask", "Date"] as const

const key = Symbol.for("effect-kv/tests/realTimers")
const shared = globalThis as { [key]?: ReadonlyMap<string, unknown> }
shared[key] ??= new Map(names.map((name) => [name, globalThis[name]]))

for (const [name, real] of shared[key]) {
  if (globalThis[name as keyof typeof globalThis] !== real) {
    throw new Error(`A test file that ran before in this process did not restore ${name}`)
  }
}
