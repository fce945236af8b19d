import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import { chromium } from "playwright-core"
import { build } from "vite"
import { args, chromium as executablePath, problem } from "../../../test/servers/chromium.ts"
import { describeUnless } from "../../../test/servers/process.ts"
import { aliases } from "../../.vitepress/aliases.ts"
import { hashes } from "./engine.inBrowser.ts"

/** The engine as one script for browsers. */
const bundle = async (): Promise<string> => {
  const result = await build({
    configFile: false,
    logLevel: "error",
    resolve: { alias: aliases },
    build: {
      write: false,
      minify: false,
      lib: {
        entry: fileURLToPath(new URL("engine.inBrowser.ts", import.meta.url)),
        formats: ["es"],
        fileName: "engine"
      }
    }
  })
  const [{ output }] = result as unknown as [{ readonly output: ReadonlyArray<{ readonly code: string }> }]
  return output[0]!.code
}

describeUnless(problem, "the engine in Chromium", () => {
  it("gives exactly the runs that it gives in Node", async () => {
    const browser = await chromium.launch({ executablePath, args: [...args] })
    try {
      const page = await browser.newPage()
      const errors: Array<string> = []
      page.on("pageerror", (error) => errors.push(String(error)))
      await page.addScriptTag({ type: "module", content: await bundle() })
      await page.waitForFunction("globalThis.hashes !== undefined")
      const inBrowser = await page.evaluate("hashes()")
      assert.deepStrictEqual(errors, [])
      assert.deepStrictEqual(inBrowser, hashes())
      console.log("least milliseconds in Chromium:", JSON.stringify(await page.evaluate("times()")))
    } finally {
      await browser.close()
    }
  })
})
