/** The size of a small program with each library. */
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { rolldown } from "rolldown"
import type { Library } from "./Library.ts"

const bench = fileURLToPath(new URL("../../../../bench/", import.meta.url))

/** Minified and gzipped, with everything that it imports except Node's own modules. */
export const bundleSize = async ({ bundle }: Library): Promise<string> => {
  const entry = `${bench}entry.ts`
  const build = await rolldown({
    cwd: bench,
    input: "entry",
    platform: "node",
    external: [/^node:/],
    resolve: { conditionNames: ["@effect-kv/source", "node", "import", "default"] },
    plugins: [
      {
        name: "entry",
        resolveId: (id: string) => (id === "entry" ? entry : null),
        load: (id: string) => (id === entry ? bundle : null)
      }
    ],
    logLevel: "silent"
  })
  const { output } = await build.generate({ format: "esm", minify: true, codeSplitting: false })
  return `${(gzipSync(output[0].code).length / 1000).toFixed(1)} KB`
}
