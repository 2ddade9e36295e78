// Being there: what a person does on the page is told now and then, so that who is away gets no new conversations.
import { find, findAll, htmx, meta, on } from './page'

// Longer than the server's NOTE_EVERY, which drops what comes sooner.
const TELL_EVERY = 3 * 60_000
// A server that does not answer is not asked with each turn of the wheel.
const RETRY_AFTER = 30_000
// Kept for all tabs of the browser: one of them tells for all.
const TOLD = `otklik-active-${document.body.dataset.agent}`

const toldAt = () => Number(localStorage.getItem(TOLD) ?? 0)

async function tell(): Promise<void> {
  const passed = Date.now() - toldAt()
  if (passed >= 0 && passed < TELL_EVERY) return
  localStorage.setItem(TOLD, String(Date.now()))
  const headers = { 'X-CSRF-Token': meta('csrf-token'), 'HX-Request': 'true' }
  const answer = await fetch('/me/active', { method: 'POST', headers }).catch(() => null)
  if (!answer?.ok) return localStorage.setItem(TOLD, String(Date.now() - TELL_EVERY + RETRY_AFTER))
  const place = find('#toasts')
  if (answer.status === 204 || !place) return
  place.insertAdjacentHTML('beforeend', await answer.text())
  htmx.process(place)
}

/** The corner's switch follows what became of the shift elsewhere. */
function follow(state: string): void {
  const dot = find('#me-menu > summary .dot')
  if (!dot) return
  for (const one of findAll<HTMLInputElement>('#me-menu input[name="shift_state"]')) {
    const button = one.parentElement?.querySelector('button')
    const title = button?.textContent?.trim() ?? ''
    button?.setAttribute('aria-checked', String(one.value === state))
    if (one.value !== state) continue
    const summary = find('#me-menu > summary')
    if (summary) summary.title = `${summary.title.split(' · ')[0]} · ${title}`
    const check = find('#me-menu [role="menuitemradio"]:has(.dot) > svg')
    if (check) button?.append(check)
  }
  dot.className = dot.className.replace(/dot-\w+/, `dot-${state}`)
}

export function startPresence(): void {
  if (!document.body.dataset.agent) return
  for (const name of ['pointerdown', 'keydown', 'wheel']) on(name, () => void tell())
  on<CustomEvent>('live:agent', (event) => {
    if (String(event.detail.agent_id) !== document.body.dataset.agent) return
    const state = String(event.detail.shift_state)
    follow(state)
    if (state === 'off') localStorage.removeItem(TOLD) // whoever is back learns of it at once
  })
}
