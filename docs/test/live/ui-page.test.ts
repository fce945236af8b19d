/** Tests the live page in a real browser. */
import { mkdirSync } from "node:fs"
import { afterEach, assert, it } from "@effect/vitest"
import type { Page } from "playwright-core"
import { presets } from "../../live/engine/presets.ts"
import { docs } from "../../tools/paths.ts"
import { describeInBrowser } from "../browser.ts"

const screenshots = `${docs}.vitepress/screenshots/`
mkdirSync(screenshots, { recursive: true })

/** Waits until the page shows the run of its scenario. */
const settled = (page: Page) => page.waitForSelector('.live[data-ready="true"][data-busy="false"]')

const edited = async (page: Page): Promise<void> => {
  // An edit is run after a short pause, in which the page is busy.
  await page.waitForTimeout(100)
  await settled(page)
}

const tiles = (page: Page): Promise<Record<string, string>> =>
  page.$$eval("[data-tile]", (all) =>
    Object.fromEntries(all.map((it) => [it.getAttribute("data-tile")!, it.querySelector(".value")!.textContent!]))
  )

/** The names of the columns, from the callers to the store. */
const columns = (page: Page): Promise<ReadonlyArray<string>> =>
  page.$$eval(".card .name", (all) => all.map((it) => it.textContent!))

const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

const fragment = (page: Page): string => new URL(page.url()).hash

/** The address is written shortly after an edit. */
const written = async (page: Page, before: string): Promise<string> => {
  await page.waitForFunction((hash) => location.hash !== hash, before)
  return fragment(page)
}

/** Runs in the page: the texts whose contrast is below that of WCAG AA. Disabled buttons need none. */
const lowContrasts = (): ReadonlyArray<string> => {
  type Color = readonly [red: number, green: number, blue: number, alpha: number]
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!
  const parse = (text: string): Color => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = text
    canvas.fillRect(0, 0, 1, 1)
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data
    return [red!, green!, blue!, alpha! / 255]
  }
  const over = (top: Color, below: Color): Color => {
    const mix = (i: 0 | 1 | 2) => top[i] * top[3] + below[i] * (1 - top[3])
    return [mix(0), mix(1), mix(2), 1]
  }
  const backgroundOf = (element: Element | null): Color =>
    element === null
      ? [255, 255, 255, 1]
      : (() => {
          const own = parse(getComputedStyle(element).backgroundColor)
          return own[3] === 1 ? own : over(own, backgroundOf(element.parentElement))
        })()
  const luminance = ([red, green, blue]: Color): number => {
    const linear = (value: number) =>
      value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
  }
  const found = new Set<string>()
  for (const element of document.querySelectorAll(".live *")) {
    const text = [...element.childNodes]
      .filter((node) => node.nodeType === 3)
      .map((node) => node.textContent!.trim())
      .join("")
    if (
      text === "" ||
      element.closest(":disabled, .only-read, option") !== null ||
      element.getClientRects().length === 0
    )
      continue
    const background = backgroundOf(element)
    const [a, b] = [luminance(over(parse(getComputedStyle(element).color), background)), luminance(background)]
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    if (contrast < 4.5) found.add(`${element.className} ${JSON.stringify(text.slice(0, 30))}: ${contrast.toFixed(2)}`)
  }
  return [...found]
}

/** The picture, the lesson and the numbers. */
const clip = { x: 0, y: 64, width: 1280, height: 1180 }

const calm = { reducedMotion: "reduce" } as const

describeInBrowser("the live page", ({ open, errors }) => {
  afterEach(() => {
    assert.deepStrictEqual(errors, [])
  })

  const choose = async (page: Page, id: string): Promise<void> => {
    await settled(page)
    if ((await page.getAttribute(`[data-preset="${id}"]`, "aria-pressed")) === "true") return
    await page.click(`[data-preset="${id}"]`)
    await edited(page)
  }

  for (const { id, title, watch } of presets) {
    it(`shows the scenario ${JSON.stringify(title)} with its lesson`, async () => {
      const page = await open("/live", calm)
      await choose(page, id)
      assert.include(await page.textContent(".watch"), watch)
      const { requests } = await tiles(page)
      assert.match(requests!, /^\d/)
      assert.isNotEmpty((await page.textContent(".lesson:not(.empty)"))!.trim())
      await page.screenshot({ path: `${screenshots}${id}.png`, fullPage: true, clip })
      await page.close()
    })
  }

  it("shows the same numbers for a link in a new page", async () => {
    const page = await open("/live", calm)
    await settled(page)
    const before = fragment(page)
    await page.click('[data-fault="outage"]')
    await edited(page)
    const hash = await written(page, before)
    const expected = await tiles(page)
    const other = await open(`/live${hash}`, calm)
    await settled(other)
    assert.deepStrictEqual(await tiles(other), expected)
    await page.close()
    await other.close()
  })

  it("says that a link is damaged, and shows the default scenario", async () => {
    const page = await open("/live#1~this~is~no~link", calm)
    await settled(page)
    assert.include(await page.textContent(".message"), "damaged")
    const expected = await open("/live", calm)
    await settled(expected)
    assert.deepStrictEqual(await tiles(page), await tiles(expected))
    await page.close()
    await expected.close()
  })

  it("goes back to the scenario before, and forward again", async () => {
    const page = await open("/live", calm)
    await settled(page)
    const [first, second] = presets.filter(({ id }) => id === "bare" || id === "retry")
    await choose(page, first!.id)
    await page.waitForTimeout(500)
    await choose(page, second!.id)
    await page.waitForTimeout(500)
    await page.goBack()
    await page.waitForSelector(`[data-preset="${first!.id}"][aria-pressed="true"]`)
    await page.goForward()
    await page.waitForSelector(`[data-preset="${second!.id}"][aria-pressed="true"]`)
    await page.close()
  })

  it("adds, moves, edits and removes a wrapper with the keyboard", async () => {
    const page = await open("/live", calm)
    await choose(page, "bare")
    await page.focus("[data-add]")
    await page.keyboard.type("Timeout")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await edited(page)
    assert.deepStrictEqual(await columns(page), ["Callers", "Timeout", "Store"])
    await page.focus("[data-add]")
    await page.keyboard.type("Retry")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await edited(page)
    assert.deepStrictEqual(await columns(page), ["Callers", "Retry", "Timeout", "Store"])

    await page.focus('[data-wrapper="1"] button')
    await page.keyboard.press("Alt+ArrowRight")
    await edited(page)
    assert.deepStrictEqual(await columns(page), ["Callers", "Timeout", "Retry", "Store"])
    assert.strictEqual(
      await page.evaluate(() => document.activeElement?.closest(".card")?.textContent?.includes("Retry")),
      true
    )
    await page.keyboard.press("Alt+ArrowLeft")
    await edited(page)
    assert.deepStrictEqual(await columns(page), ["Callers", "Retry", "Timeout", "Store"])

    await page.keyboard.press("Enter")
    await page.focus('[data-option="maxRetries"]')
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type("7")
    await page.keyboard.press("Tab")
    await edited(page)
    assert.include(await page.textContent(".code pre"), "maxRetries: 7")

    await page.focus('[data-wrapper="0"] button')
    await page.keyboard.press("Delete")
    await edited(page)
    assert.deepStrictEqual(await columns(page), ["Callers", "Retry", "Store"])
    await page.close()
  })

  it("plays, pauses and steps with the keyboard", async () => {
    const page = await open("/live")
    await settled(page)
    await page.waitForSelector('.play[aria-label="Pause"]')
    await page.focus(".space")
    await page.keyboard.press("Space")
    await page.waitForSelector('.play[aria-label="Play"]')
    const clock = async () => Number.parseFloat((await page.textContent(".clock"))!)
    const before = await clock()
    await page.keyboard.press("Shift+ArrowRight")
    assert.strictEqual(await clock(), before + 1)
    await page.keyboard.press("Shift+ArrowLeft")
    assert.strictEqual(await clock(), before)
    await page.keyboard.press("Space")
    await page.waitForSelector('.play[aria-label="Pause"]')
    await page.close()
  })

  it("starts paused if the reader prefers reduced motion", async () => {
    const page = await open("/live", calm)
    await settled(page)
    await page.waitForSelector('.play[aria-label="Play"]')
    assert.strictEqual(await page.isVisible(".charts .future"), false)
    await page.close()
  })

  it("keeps the past when a fault is added, and changes the future", async () => {
    const page = await open("/live", calm)
    await choose(page, "bare")
    const path = () => page.getAttribute('[data-chart="answers"] path', "d")
    const barsUntil = (text: string, until: number) =>
      text.split("M").filter((bar) => bar !== "" && Number.parseFloat(bar) < until)
    const before = (await path())!
    await page.fill('input[aria-label="Time"]', "20")
    await page.click('[data-fault="outage"]')
    await edited(page)
    const after = (await path())!
    assert.deepStrictEqual(barsUntil(after, 19.75), barsUntil(before, 19.75))
    assert.notDeepEqual(barsUntil(after, 30), barsUntil(before, 30))
    await page.close()
  })

  it("says what is wrong with an order, and applies the recommended one", async () => {
    const page = await open("/live", calm)
    await choose(page, "retry")
    await page.focus('[data-wrapper="1"] button')
    await page.keyboard.press("Alt+ArrowRight")
    await edited(page)
    assert.include(await page.textContent(".advice"), "Timeout around Retry")
    assert.strictEqual(await page.locator(".card.wrong").count(), 2)
    await page.click(".advice button")
    await edited(page)
    assert.strictEqual(await page.locator(".advice").count(), 0)
    assert.deepStrictEqual(await columns(page), ["Callers", "Retry", "Timeout", "Store"])
    await page.close()
  })

  it("tells the story of a failed request", async () => {
    const page = await open("/live", calm)
    await choose(page, "bare")
    await page.selectOption(".story select", { label: "failed requests" })
    await page.click('.story button:has-text("Next")')
    const lines = await page.$$eval(".story .lines li", (all) => all.map((it) => it.textContent!))
    assert.isAbove(lines.length, 2)
    assert.match(lines[0]!, /Caller/)
    assert.match(lines.at(-1)!, /gets \w+Error/)
    await page.close()
  })

  it("tells the story of a dot that is clicked", async () => {
    const page = await open("/live", calm)
    await choose(page, "outage")
    const box = (await page.locator(".space canvas").boundingBox())!
    // The pile of the store, in the last of four columns.
    await page.mouse.click(box.x + 0.86 * box.width, box.y + box.height - 8)
    const lines = await page.$$eval(".story .lines li", (all) => all.map((it) => it.textContent!))
    assert.isAbove(lines.length, 3)
    await page.close()
  })

  for (const colorScheme of ["light", "dark"] as const) {
    it(`has texts with enough contrast in ${colorScheme} mode`, async () => {
      const page = await open("/live", { ...calm, colorScheme })
      await choose(page, "timeout-outside")
      assert.deepStrictEqual(await page.evaluate(lowContrasts), [])
      await page.close()
    })
  }

  for (const width of [360, 390]) {
    it(`fits on a phone that is ${width} pixels wide`, async () => {
      const page = await open("/live", {
        ...calm,
        viewport: { width, height: 740 },
        hasTouch: true,
        isMobile: true,
        deviceScaleFactor: 2
      })
      await settled(page)
      assert.isAtMost(await overflow(page), 0)
      const small = await page.$$eval(".live :is(button, select, input)", (all) =>
        all
          .filter((it) => it.getClientRects().length > 0 && (it as HTMLInputElement).type !== "checkbox")
          .filter((it) => it.getBoundingClientRect().height < 40)
          .map((it) => it.outerHTML.slice(0, 80))
      )
      assert.deepStrictEqual(small, [])
      await page.screenshot({ path: `${screenshots}phone-${width}.png`, fullPage: true })
      await page.close()
    })
  }

  it("has a dark mode", async () => {
    const page = await open("/live", { ...calm, colorScheme: "dark" })
    await settled(page)
    assert.isTrue(await page.evaluate(() => document.documentElement.classList.contains("dark")))
    await page.screenshot({ path: `${screenshots}dark.png`, fullPage: true })
    await page.close()
  })

  it("copies a link that shows the scenario", async () => {
    const page = await open("/live", { ...calm, permissions: ["clipboard-read", "clipboard-write"] })
    await choose(page, "bare")
    await page.click('[data-fault="slow"]')
    await edited(page)
    await page.click('button:has-text("Copy the link")')
    await page.waitForSelector('button:has-text("Copied")')
    const link = await page.evaluate(() => navigator.clipboard.readText())
    const other = await open(new URL(link).pathname + new URL(link).hash, calm)
    await settled(other)
    assert.deepStrictEqual(await tiles(other), await tiles(page))
    await page.close()
    await other.close()
  })

  it("draws a frame of 200 requests per second in less than 6 ms", async () => {
    const page = await open("/live")
    await choose(page, "storm")
    await page.fill('[data-option="rate"]', "200")
    await page.press('[data-option="rate"]', "Tab")
    await edited(page)
    await page.fill('input[aria-label="Time"]', "9")
    await page.evaluate(() => {
      ;(document.querySelector(".live") as unknown as { frameCosts: Array<number> }).frameCosts.length = 0
    })
    await page.waitForTimeout(5000)
    const costs = await page.evaluate(() => {
      const all = (document.querySelector(".live") as unknown as { frameCosts: Array<number> }).frameCosts
      return [...all].sort((a, b) => a - b)
    })
    const at = (part: number) => costs[Math.floor(part * (costs.length - 1))]!
    process.stderr.write(
      `frames: ${costs.length} in 5 s, p50 ${at(0.5).toFixed(2)} ms, p95 ${at(0.95).toFixed(2)} ms, max ${at(1).toFixed(2)} ms\n`
    )
    assert.isAbove(costs.length, 30)
    assert.isBelow(at(0.5), 6)
    await page.close()
  })

  it("names all inputs and buttons", async () => {
    const page = await open("/live", calm)
    await settled(page)
    const unnamed = await page.$$eval(".live :is(input, select, button)", (all) =>
      all
        .filter((it) => {
          const labels = (it as HTMLInputElement).labels
          return !it.getAttribute("aria-label") && !it.textContent?.trim() && !(labels !== null && labels.length > 0)
        })
        .map((it) => it.outerHTML.slice(0, 100))
    )
    assert.deepStrictEqual(unnamed, [])
    await page.close()
  })
})
