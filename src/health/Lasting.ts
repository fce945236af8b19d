import { type Cancel, runAfter } from "../time/runAfter.ts"
import type { Component } from "./Component.ts"

/** A state that ends when nothing has shown it for a while. It has a timer only while it lasts. */
export class Lasting {
  private readonly component: Component
  private readonly millis: number
  private readonly texts: { readonly began: string; readonly ended: string }
  private lastSeen = 0
  private cancel: Cancel | undefined
  private isClosed = false

  constructor(component: Component, millis: number, texts: { readonly began: string; readonly ended: string }) {
    this.component = component
    this.millis = millis
    this.texts = texts
    component.onClose(() => {
      this.isClosed = true
      this.cancel?.()
    })
  }

  /** `now` is in milliseconds of the monotonic clock. */
  seen(now: number): void {
    this.lastSeen = now
    if (this.cancel !== undefined || this.isClosed) return
    this.component.to("degraded", this.texts.began)
    this.wait(now, this.millis)
  }

  private wait(from: number, millis: number): void {
    this.cancel = runAfter(this.component.context, millis, () => {
      const now = from + millis
      const left = this.lastSeen + this.millis - now
      this.cancel = undefined
      if (left > 0) this.wait(now, left)
      else this.component.to("up", this.texts.ended)
    })
  }
}
