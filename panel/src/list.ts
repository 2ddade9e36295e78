// The list: walking it, opening, rows that change in their places, new ones that wait behind a button.
import { find, findAll, htmx, on, openId } from './page'
import { tick } from './clocks'
import { morph } from './swaps'

const BATCH = 150
const AGAIN = 2000
const MOST = 200
const FEW = 8
const pending = new Set<string>()
const waiting = new Set<string>()
/** Rows that were settled together: what belongs here no more leaves the list. */
const leaving = new Set<string>()
let timer = 0
/** The row that was chosen, from the click until its conversation is there. */
let going: string | null = null
const after: (() => void)[] = []

export const rows = (): HTMLElement[] => findAll('#rows [data-row]')
const row = (id: string) => find(`#row-${CSS.escape(id)}`)
const current = () => find('#rows .row.on')

const chosen = () => going ?? openId()

function mark(): void {
  for (const one of rows()) one.classList.toggle('on', one.dataset.row === chosen())
  const folded = find('#conversation')?.dataset.folded
  for (const one of findAll('#folds [data-fold]')) one.classList.toggle('on', one.dataset.fold === folded)
  find('#inbox')?.setAttribute('data-open', openId() || folded ? 'true' : 'false')
}

/** Act on the conversation that was chosen, not on the one that still shows while it is on its way. */
export function whenOpen(act: () => void): void {
  if (going) after.push(act)
  else act()
}

function arrive(id: string, there: boolean): void {
  if (going !== id) return
  going = null
  mark()
  const acts = after.splice(0)
  if (there) for (const act of acts) act()
}

/** The row that is walked to next; the first one when none is chosen. */
export function neighbour(step: 1 | -1): HTMLElement | undefined {
  const all = rows().filter((one) => !one.classList.contains('gone') || one.classList.contains('on'))
  const from = document.activeElement?.closest<HTMLElement>('[data-row]') ?? current()
  const at = from ? all.indexOf(from) : -1
  return at < 0 ? all[0] : all[at + step]
}

/** Walk without opening. */
export function focusRow(one: HTMLElement | null | undefined): void {
  one?.focus({ preventScroll: true })
  one?.scrollIntoView({ block: 'nearest' })
}

export function openRow(one: HTMLElement | null | undefined): void {
  if (document.activeElement?.closest('[data-row]')) one?.focus({ preventScroll: true }) // the next step starts here
  one?.click()
  one?.scrollIntoView({ block: 'nearest' })
}

/** After closing: the next one down that is still to do, else the list itself. */
export function openNext(id: string): void {
  const all = rows()
  const at = all.findIndex((one) => one.dataset.row === id)
  const left = [...all.slice(at + 1), ...all.slice(0, Math.max(at, 0)).reverse()]
  const next = left.find((one) => !one.classList.contains('gone'))
  row(id)?.classList.add('gone')
  if (next && innerWidth >= 768) openRow(next)
  else find<HTMLAnchorElement>('[data-back]')?.click()
}

/** Learn what became of these conversations, in one request for all that happen at about the same time. */
export function refreshRows(ids: Iterable<string>): void {
  for (const id of ids) pending.add(id)
  clearTimeout(timer)
  timer = window.setTimeout(() => void load(), BATCH)
}

async function load(): Promise<void> {
  const list = find('#rows')
  const ids = [...pending].slice(0, MOST)
  for (const id of ids) pending.delete(id)
  if (!list?.dataset.rows || !ids.length) return
  htmx.trigger(document.body, 'otklik:counts', {})
  const fresh = await fetchRows(list, ids)
  if (!fresh) return askAgain(ids)
  if (!list.isConnected) return
  const found = new Map([...fresh.querySelectorAll<HTMLElement>('[data-row]')].map((one) => [one.dataset.row, one]))
  for (const id of ids) place(id, found.get(id))
  tick()
  showWaiting()
  list.dispatchEvent(new CustomEvent('rows', { bubbles: true }))
  if (pending.size) refreshRows([])
  else if (leaving.size) {
    leaving.clear()
    if (rows().length < FEW) await reloadList()
  }
}

/** Those of these rows that belong into the list now; null: out of reach. */
async function fetchRows(list: HTMLElement, ids: string[]): Promise<DocumentFragment | null> {
  const address = list.dataset.rows + (list.dataset.rows?.includes('?') ? '&' : '?')
  const answer = await fetch(`${address}ids=${ids.join(',')}`, { headers: { 'HX-Request': 'true' } }).catch(() => null)
  if (!answer?.ok) return null
  const parts = document.createElement('template')
  parts.innerHTML = await answer.text()
  return parts.content
}

/** Out of reach for a moment: nothing that happened is forgotten. */
function askAgain(ids: string[]): void {
  for (const id of ids) pending.add(id)
  clearTimeout(timer)
  timer = window.setTimeout(() => void load(), AGAIN)
}

function place(id: string, fresh: HTMLElement | undefined): void {
  const shown = row(id)
  if (shown && fresh) {
    fresh.classList.toggle('on', id === chosen())
    morph(shown, fresh)
    const now = row(id)
    if (now) htmx.process(now)
  } else if (shown && leaving.has(id)) shown.closest('[data-pickable]')?.remove()
  else if (shown) shown.classList.add('gone')
  else if (fresh) waiting.add(id)
  else waiting.delete(id)
}

function showWaiting(): void {
  const button = find<HTMLButtonElement>('#newer')
  if (!button) return
  button.hidden = waiting.size === 0
  button.textContent = (button.dataset.one ?? '%(n)s').replace('%(n)s', String(waiting.size))
}

/** After a deed on several rows: they follow, and those that do not belong here any more leave. */
export function settleRows(ids: string[]): void {
  for (const id of ids) leaving.add(id)
  refreshRows(ids)
}

/** The list anew, in its right order; the open conversation stays. */
export async function reloadList(): Promise<void> {
  const list = find('#rows')
  if (!list?.dataset.rows) return
  const answer = await fetch(list.dataset.rows, { headers: { 'HX-Request': 'true' } })
  if (!answer.ok) return
  list.innerHTML = await answer.text()
  htmx.process(list)
  list.scrollTop = 0
  waiting.clear()
  showWaiting()
  mark()
  list.dispatchEvent(new CustomEvent('rows', { bubbles: true }))
  htmx.trigger(document.body, 'otklik:counts', {})
}

/** The list anew, at what has just come: on top of it stands what its order keeps for a later page. */
async function showNewer(): Promise<void> {
  const ids = [...waiting].slice(0, MOST)
  await reloadList()
  const list = find('#rows')
  const below = ids.filter((id) => !row(id))
  const fresh = list && below.length ? await fetchRows(list, below) : null
  if (list?.isConnected && below.length && !fresh) return askAgain(below)
  if (list?.isConnected && fresh) {
    const lines = [...fresh.querySelectorAll<HTMLElement>('[data-pickable]')]
    list.prepend(...lines)
    for (const line of lines) htmx.process(line)
    list.scrollTop = 0
    tick()
    mark()
    list.dispatchEvent(new CustomEvent('rows', { bubbles: true }))
  }
  rows().find((one) => ids.includes(one.dataset.row ?? ''))?.scrollIntoView({ block: 'nearest' })
}

/** A later page brings what stands on top already. */
function dropTwins(): void {
  const seen = new Set<string | undefined>()
  for (const one of rows()) {
    if (seen.has(one.dataset.row)) one.closest('[data-pickable]')?.remove()
    seen.add(one.dataset.row)
  }
}

export function startList(): void {
  on('click', (event) => {
    if ((event.target as Element).closest('#newer')) void showNewer()
  })
  on<CustomEvent>('htmx:afterSettle', (event) => {
    if (event.detail.target?.id === 'inbox') waiting.clear()
    dropTwins()
    if (find('#conversation')) mark()
  })
  on<CustomEvent>('htmx:beforeSend', (event) => {
    const id = event.detail.elt?.dataset.row
    if (!id) return
    going = id
    after.length = 0
    mark()
  })
  on<CustomEvent>('htmx:afterRequest', (event) => {
    const id = (event.detail.requestConfig?.elt as HTMLElement | undefined)?.dataset.row
    if (id) arrive(id, event.detail.successful)
  })
  on<CustomEvent>('changed', (event) => refreshRows([String(event.detail.id)]))
  on<CustomEvent>('settled', (event) => {
    if (openId() === String(event.detail.id)) openNext(String(event.detail.id))
  })
  on<CustomEvent>('undone', (event) => {
    const again = row(String(event.detail.id))
    again?.classList.remove('gone')
    if (openId() !== String(event.detail.id)) openRow(again)
  })
  if (openId()) current()?.scrollIntoView({ block: 'nearest' })
}
