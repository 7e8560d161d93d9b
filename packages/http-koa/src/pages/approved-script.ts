/**
 * Asks for the key of an approval until its device has picked it up, and then loads the page again. It asks
 * less and less often, and not while the page is hidden.
 */
export const APPROVED_SCRIPT: string = `const waiting = document.querySelector('[data-waiting-ms]')
const end = performance.now() + Number(waiting?.dataset.waitingMs)
let delay = 2000
const look = async () => {
  try {
    if (!document.hidden) {
      const headers = { Accept: 'application/json' }
      const answer = await fetch(location.pathname, { headers, cache: 'no-store' })
      if (answer.status === 401) return
      if (answer.ok && (await answer.json()).status !== 'waiting') return location.reload()
    }
  } catch {}
  if (performance.now() > end) return location.reload()
  delay = Math.min(10000, delay * 1.1)
  setTimeout(look, delay)
}
if (waiting) setTimeout(look, delay)
`
