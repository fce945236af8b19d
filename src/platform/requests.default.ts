/** Whether a request may use the timers, the I/O and the loads of another request. */
export const canShare: boolean = true
