// Choosing rows to do one thing with all of them: by checkbox, key, range or long press; and the bar that acts.
import { focusRow, neighbour, reloadList, rows, settleRows } from './list'
import { find, findAll, from, htmx, on } from './page'
import { showToast } from './toasts'

const MOST = 200
const LONG_PRESS = 450
const STRAY = 10
const picked = new Set<string>()
/** Where a range begins. */
let last: string | null = null

const boxes = () => findAll<HTMLInputElement>('#rows [data-pick]')
const idOf = (one: HTMLElement | null | undefined) => one?.dataset.pick ?? one?.dataset.row ?? ''

export const isPicking = (): boolean => picked.size > 0

/** The page shows what is chosen; a row that is gone from it is not chosen any more. */
function paint(): void {
  const all = boxes()
  const there = new Set(all.map(idOf))
  for (const id of picked) if (!there.has(id)) picked.delete(id)
  for (const box of all) {
    box.checked = picked.has(idOf(box))
    box.closest('[data-pickable]')?.classList.toggle('picked', box.checked)
  }
  find('#inbox')?.toggleAttribute('data-picking', isPicking())
  const bar = find('#bulk')
  if (!bar) return
  bar.hidden = !isPicking()
  const count = find('[data-count]', bar)
  if (count) count.textContent = isPicking() ? (count.dataset.count ?? '').replace('%(n)s', String(picked.size)) : ''
  const whole = find<HTMLInputElement>('[data-pick-all]', bar)
  if (whole) {
    whole.checked = picked.size === all.length
    whole.indeterminate = isPicking() && picked.size < all.length
  }
  const ids = find<HTMLInputElement>('#bulk-ids')
  if (ids) ids.value = [...picked].join(',')
  const messages = find<HTMLInputElement>('#bulk-messages')
  if (messages) messages.value = all.filter((box) => box.checked).map((box) => box.dataset.message).filter(Boolean).join(',')
}

function pick(ids: string[], wanted: boolean): void {
  for (const id of ids) {
    if (!wanted) picked.delete(id)
    else if (picked.size < MOST) picked.add(id)
    else if (!picked.has(id)) {
      showToast(find('#bulk')?.dataset.most ?? '', 'error')
      break
    }
  }
  last = ids.at(-1) ?? null
  paint()
}

function pickTo(id: string): void {
  const all = rows().map(idOf)
  const [start, end] = [all.indexOf(last ?? id), all.indexOf(id)].sort((one, other) => one - other) as [number, number]
  pick(start < 0 ? [id] : all.slice(start, end + 1), true)
  last = id
}

const toggle = (id: string) => pick([id], !picked.has(id))

/** The row that has the focus, or else the one that is open; and on to the next. */
export function pickHere(): void {
  const here = document.activeElement?.closest<HTMLElement>('#rows [data-row]') ?? find('#rows .row.on') ?? rows()[0]
  if (!here) return
  focusRow(here)
  toggle(idOf(here))
  focusRow(neighbour(1))
}

export const pickAll = (): void => pick(rows().map(idOf), true)

export function pickNone(): void {
  picked.clear()
  last = null
  paint()
}

async function fill(menu: HTMLDetailsElement): Promise<void> {
  const place = find('[data-filled]', menu)
  const ids = find<HTMLInputElement>('#bulk-ids')?.value
  const address = `${find('#bulk')?.dataset.at}/${menu.dataset.fill}?ids=${ids}`
  const answer = await fetch(address, { headers: { 'HX-Request': 'true' } }).catch(() => null)
  if (!place || !answer?.ok) return
  place.innerHTML = await answer.text()
  htmx.process(place)
  if (menu.open && !menu.contains(document.activeElement?.closest('input') ?? null)) find('.item', place)?.focus()
}

function hearClick(event: MouseEvent): void {
  const box = from<HTMLInputElement>(event, '[data-pick]')
  const one = from(event, '#rows [data-row]')
  if (box && event.shiftKey) pickTo(idOf(box))
  else if (box) pick([idOf(box)], box.checked)
  else if (one && (pressed || event.shiftKey || (isPicking() && isByFinger(event)))) {
    event.preventDefault()
    event.stopImmediatePropagation()
    if (event.shiftKey) pickTo(idOf(one))
    else if (!pressed) toggle(idOf(one))
    pressed = false
  }
}

const isByFinger = (event: MouseEvent) => (event as PointerEvent).pointerType === 'touch'

let pressed = false
let press = 0
let began: [number, number] = [0, 0]

function startPress(event: PointerEvent): void {
  const one = from(event, '#rows [data-row]')
  pressed = false
  clearTimeout(press)
  if (!one || event.pointerType !== 'touch') return
  began = [event.clientX, event.clientY]
  press = window.setTimeout(() => {
    pressed = true
    toggle(idOf(one))
  }, LONG_PRESS)
}

function stray(event: PointerEvent): void {
  if (Math.hypot(event.clientX - began[0], event.clientY - began[1]) > STRAY) clearTimeout(press)
}

export function startPicking(): void {
  document.addEventListener('click', hearClick, true)
  document.addEventListener('pointerdown', startPress)
  document.addEventListener('pointermove', stray, { passive: true })
  for (const name of ['pointerup', 'pointercancel']) document.addEventListener(name, () => clearTimeout(press))
  document.addEventListener('contextmenu', (event) => {
    if (pressed || ((event as PointerEvent).pointerType === 'touch' && from(event, '#rows [data-row]'))) event.preventDefault()
  })
  document.addEventListener('mousedown', (event) => {
    if (event.shiftKey && from(event, '#rows [data-pickable]')) event.preventDefault() // no words are marked
  })
  document.addEventListener('toggle', (event) => {
    const menu = from<HTMLDetailsElement>(event, '#bulk [data-fill]')
    if (menu?.open) void fill(menu)
  }, true)
  on('click', (event) => {
    if (from(event, '[data-pick-none]')) pickNone()
  })
  on('change', (event) => {
    const whole = from<HTMLInputElement>(event, '[data-pick-all]')
    if (whole?.checked) pickAll()
    else if (whole) pickNone()
  })
  on('rows', paint)
  on('htmx:afterSettle', paint)
  on<CustomEvent>('bulk', (event) => {
    const chosen = [...picked] // also those that are no longer ours to see
    pickNone()
    settleRows([...new Set([...(event.detail.ids as number[]).map(String), ...chosen])])
  })
  on('bulk-undone', () => void reloadList())
}
