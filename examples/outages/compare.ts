/**
 * What callers see of a fault with each stack: 2,842 reads and 158 writes in a minute of virtual time. The guide to outages
 * shows the tables.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect } from "effect"
import { isSilent, isSlow, refuses, someAreSlow, someFail, someRepliesAreLost } from "./faults.ts"
import { type Measured, measure } from "./measure.ts"
import { cache, hedge, limited, noBudget, none, record, retry, slowCircuit, timeout } from "./stacks.ts"

const comparisons = {
  someFail: { fault: someFail, stacks: { none, retry, limited } },
  someRepliesAreLost: { fault: someRepliesAreLost, stacks: { none, retry, limited } },
  someAreSlow: { fault: someAreSlow, stacks: { none, timeout, retry, hedge, limited } },
  refuses: { fault: refuses, stacks: { none, retry, noBudget, slowCircuit, limited, cache, record } },
  isSilent: { fault: isSilent, stacks: { none, timeout, retry, limited, cache, record } },
  isSlow: { fault: isSlow, stacks: { none, timeout, limited, cache, record } }
}

const row = (stack: string, { reads, writes, failed, millis, sent }: Measured) => {
  const errors = [...failed].map(([tag, count]) => `${tag} ${count}`).join(", ")
  const p99 = millis[Math.ceil(millis.length * 0.99) - 1]
  return `| \`${stack}\` | ${reads} | ${writes} | ${p99} | ${millis.at(-1)} | ${sent} | ${errors || "–"} |`
}

const program = Effect.gen(function* () {
  for (const [name, { fault, stacks }] of Object.entries(comparisons)) {
    yield* Console.log(`${name}:`)
    yield* Console.log("| stack | reads ok | writes ok | p99, ms | slowest, ms | calls sent | failed with |")
    yield* Console.log("|---|---:|---:|---:|---:|---:|---|")
    for (const [name, stack] of Object.entries(stacks)) yield* Console.log(row(name, yield* measure(stack, fault)))
  }
})

program.pipe(NodeRuntime.runMain)

// Prints:
// someFail:
// | stack | reads ok | writes ok | p99, ms | slowest, ms | calls sent | failed with |
// |---|---:|---:|---:|---:|---:|---|
// | `none` | 2693 | 150 | 2 | 2 | 3000 | StoreUnavailableError 157 |
// | `retry` | 2842 | 158 | 114 | 341 | 3158 | – |
// | `limited` | 2842 | 158 | 114 | 341 | 3158 | – |
// someRepliesAreLost:
// | stack | reads ok | writes ok | p99, ms | slowest, ms | calls sent | failed with |
// |---|---:|---:|---:|---:|---:|---|
// | `none` | 2693 | 150 | 2 | 2 | 3000 | StoreUnavailableError 157 |
// | `retry` | 2842 | 158 | 116 | 345 | 3158 | – |
// | `limited` | 2842 | 158 | 116 | 345 | 3158 | – |
// someAreSlow:
// | stack | reads ok | writes ok | p99, ms | slowest, ms | calls sent | failed with |
// |---|---:|---:|---:|---:|---:|---|
// | `none` | 2842 | 158 | 3002 | 3002 | 3000 | – |
// | `timeout` | 2778 | 156 | 1000 | 1000 | 3000 | TimeoutError 66 |
// | `retry` | 2842 | 158 | 1103 | 2319 | 3067 | – |
// | `hedge` | 2842 | 158 | 52 | 1170 | 3066 | – |
// | `limited` | 2842 | 158 | 52 | 1170 | 3066 | – |
// refuses:
// | stack | reads ok | writes ok | p99, ms | slowest, ms | calls sent | failed with |
// |---|---:|---:|---:|---:|---:|---|
// | `none` | 1895 | 105 | 2 | 2 | 3000 | StoreUnavailableError 1000 |
// | `retry` | 1897 | 105 | 700 | 826 | 3582 | StoreUnavailableError 998 |
// | `noBudget` | 1928 | 107 | 795 | 830 | 5980 | StoreUnavailableError 965 |
// | `slowCircuit` | 1549 | 86 | 671 | 799 | 1807 | StoreUnavailableError 43, CircuitOpenError 1322 |
// | `limited` | 1862 | 103 | 675 | 799 | 2145 | StoreUnavailableError 45, CircuitOpenError 990 |
// | `cache` | 2789 | 102 | 2 | 774 | 947 | StoreUnavailableError 7, CircuitOpenError 102 |
// | `record` | 1976 | 158 | 685 | 817 | 2214 | StoreUnavailableError 44, CircuitOpenError 822 |
// isSilent:
// | stack | reads ok | writes ok | p99, ms | slowest, ms | calls sent | failed with |
// |---|---:|---:|---:|---:|---:|---|
// | `none` | 1895 | 105 | 30000 | 30000 | 3000 | gave up 1000 |
// | `timeout` | 1895 | 105 | 1000 | 1000 | 3000 | TimeoutError 1000 |
// | `retry` | 1915 | 107 | 3341 | 4790 | 3568 | TimeoutError 978 |
// | `limited` | 1891 | 105 | 2000 | 2000 | 2232 | TimeoutError 108, CircuitOpenError 896 |
// | `cache` | 2757 | 104 | 2 | 2000 | 980 | TimeoutError 15, CircuitOpenError 124 |
// | `record` | 1996 | 158 | 2000 | 2000 | 2265 | TimeoutError 102, CircuitOpenError 744 |
// isSlow:
// | stack | reads ok | writes ok | p99, ms | slowest, ms | calls sent | failed with |
// |---|---:|---:|---:|---:|---:|---|
// | `none` | 2842 | 158 | 3002 | 3002 | 3000 | – |
// | `timeout` | 1895 | 105 | 1000 | 1000 | 3000 | TimeoutError 1000 |
// | `limited` | 1891 | 105 | 2000 | 2000 | 2232 | TimeoutError 108, CircuitOpenError 896 |
// | `cache` | 2757 | 104 | 2 | 2000 | 980 | TimeoutError 15, CircuitOpenError 124 |
// | `record` | 1996 | 158 | 2000 | 2000 | 2265 | TimeoutError 102, CircuitOpenError 744 |
