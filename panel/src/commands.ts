// Ctrl+K: a field that finds conversations, views, pages and what can be done with the open conversation.
import { press } from './menus'
import { find, findAll, from, on, openId } from './page'

const PAUSE = 120
let timer = 0
let asked = 0

const dialog = () => find<HTMLDialogElement>('#commands')
const items = () => findAll('#commands [data-command]').filter((one) => !one.hidden)

function mark(step: number): void {
  const all = items()
  const at = all.findIndex((one) => one.classList.contains('on'))
  for (const one of findAll('#commands [data-command]')) one.classList.remove('on')
  const next = all[at < 0 ? 0 : (at + step + all.length) % all.length]
  next?.classList.add('on')
  next?.scrollIntoView({ block: 'nearest' })
}

/** What stands on the page already is narrowed at once; conversations are asked for. */
function narrow(words: string): void {
  for (const one of findAll('#commands [data-fixed]')) {
    const fits = !words || (one.textContent ?? '').toLowerCase().includes(words.toLowerCase())
    one.hidden = !fits || (one.dataset.press !== undefined && !find(`#conversation [data-key="${one.dataset.press}"]`))
  }
  for (const one of findAll('#commands [data-command].on')) one.classList.remove('on')
  mark(0)
}

async function search(words: string): Promise<void> {
  const found = find('#commands-found')
  const at = dialog()?.dataset.at
  if (!found || !at) return
  const turn = ++asked
  const answer = words.length > 1 ? await fetch(`${at}?q=${encodeURIComponent(words)}`, { headers: { 'HX-Request': 'true' } }).catch(() => null) : null
  if (turn !== asked) return
  found.innerHTML = answer?.ok ? await answer.text() : ''
  narrow(words)
}

export function openCommands(): void {
  const the = dialog()
  const field = find<HTMLInputElement>('#commands-words')
  if (!the || !field || the.open) return
  field.value = ''
  const found = find('#commands-found')
  if (found) found.innerHTML = ''
  the.showModal()
  narrow('')
  field.focus()
}

function run(one: HTMLElement | undefined): void {
  if (!one) return
  dialog()?.close()
  const key = one.dataset.press
  if (!key) return location.assign(one.dataset.href ?? '/')
  if (openId()) setTimeout(() => press(key)) // after the click that chose it, which closes menus
}

export function startCommands(): void {
  on('input', (event) => {
    const field = from<HTMLInputElement>(event, '#commands-words')
    if (!field) return
    narrow(field.value.trim())
    clearTimeout(timer)
    timer = window.setTimeout(() => void search(field.value.trim()), PAUSE)
  })
  on('click', (event) => {
    if (from(event, '[data-open-commands]')) openCommands()
    const one = from(event, '[data-command]')
    if (one) run(one)
  })
  on<KeyboardEvent>('keydown', (event) => {
    if (!from(event, '#commands')) return
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step) mark(step)
    else if (event.key === 'Enter') run(items().find((one) => one.classList.contains('on')))
    else return
    event.preventDefault()
  })
}
