import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { availableParallelism, cpus, totalmem } from "node:os"
import type { Setting } from "./report.ts"

const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"))

const redisVersion = (): string =>
  /v=([\d.]+)/.exec(spawnSync("redis-server", ["--version"], { encoding: "utf8" }).stdout ?? "")?.[1] ??
  "a given server"

/** The machine and the versions. */
export const setting = (): Setting => {
  const { devDependencies: peers } = read("package.json") as { readonly devDependencies: Record<string, string> }
  const root = ["effect", "@effect/platform-node", "ioredis", "redis"].map(
    (name) => `${name} ${read(`../node_modules/${name}/package.json`).version}`
  )
  return [
    ["date", new Date().toISOString().slice(0, 10)],
    [
      "machine",
      `${cpus()[0]?.model ?? "unknown"}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`
    ],
    [
      "system",
      `${process.platform} ${process.arch}, Node ${process.versions.node}, Redis ${redisVersion()} on loopback`
    ],
    ["libraries", [...root, ...Object.entries(peers).map(([name, version]) => `${name} ${version}`)].join(", ")]
  ]
}
