// Lengths of time tick by themselves, in the words that the server sends along.
import { findAll, words } from './page'

const MINUTE = 60_000
const SOON = 10 * MINUTE
const DAY = 24 * 60

const say = (unit: string, n: number | string) => (words[unit] ?? '%(n)s').replace(/%\((n|length)\)s/, String(n))

function length(minutes: number): string {
  const days = Math.floor(minutes / DAY)
  const hours = Math.floor((minutes % DAY) / 60)
  const left = days ? 0 : minutes % 60
  const parts = [days && say('d', days), hours && say('h', hours), left && say('min', left)].filter(Boolean)
  return parts.join(' ') || say('min', 0)
}

function ago(instant: number, now: number): string | null {
  const minutes = Math.max(0, Math.floor((now - instant) / MINUTE))
  if (minutes === 0) return say('now', 0)
  if (minutes < 60) return say('min', minutes)
  if (minutes < DAY) return say('h', Math.floor(minutes / 60))
  return minutes < 7 * DAY ? say('d', Math.floor(minutes / DAY)) : null
}

export function tick(): void {
  const now = Date.now()
  for (const clock of findAll('[data-due]')) {
    const left = Date.parse(clock.dataset.due ?? '') - now
    const kind = left <= 0 ? 'late' : left <= SOON ? 'soon' : 'ok'
    clock.className = `clock clock-${kind}`
    const text = clock.lastElementChild
    const said = left > 0 ? length(Math.max(1, Math.ceil(left / MINUTE))) : say('late', length(Math.max(1, Math.floor(-left / MINUTE))))
    if (text && text.textContent !== said) text.textContent = said
  }
  for (const time of findAll<HTMLTimeElement>('time[data-ago]')) {
    const said = ago(Date.parse(time.dateTime), now)
    if (said && time.textContent !== said) time.textContent = said
  }
}

export function startClocks(): void {
  setInterval(tick, 10_000)
}
