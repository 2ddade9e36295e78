// Keys of one letter, by their place on the keyboard, so that they work in the Russian layout, too.
import { openCommands } from './commands'
import { setMode, write } from './composer'
import { isOut } from './drawers'
import { focusRow, neighbour, openRow, whenOpen } from './list'
import { closeMenus, press } from './menus'
import { find } from './page'
import { isPicking, pickAll, pickHere, pickNone } from './picking'
import { takeBack } from './toasts'

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.matches('input:not([type=checkbox]), textarea, select, [contenteditable]')

function search(): void {
  const field = [...document.querySelectorAll<HTMLInputElement>('input[type="search"]')].find((one) => one.offsetParent)
  field?.focus()
  field?.select()
}

/** What a letter does with the chosen rows, or else with the open conversation. */
function act(key: string): void {
  if (isPicking()) press(key, '#bulk')
  else whenOpen(() => press(key))
}

function walk(step: 1 | -1): void {
  if (isPicking()) focusRow(neighbour(step))
  else openRow(neighbour(step))
}

const ACTS: Record<string, () => void> = {
  KeyJ: () => walk(1),
  KeyK: () => walk(-1),
  KeyV: pickHere,
  KeyR: () => whenOpen(() => write('reply')),
  KeyN: () => whenOpen(() => write('note')),
  KeyE: () => act('e'),
  KeyX: () => act('x'),
  KeyA: () => act('a'),
  KeyS: () => act('s'),
  KeyL: () => act('l'),
  KeyT: () => whenOpen(() => press('t')),
  KeyM: () => act('m'),
  KeyO: () => whenOpen(() => press('o')),
  KeyZ: takeBack,
}

function escape(target: EventTarget | null): void {
  if (closeMenus() || isOut()) return // a drawer closes by itself
  if (isTyping(target)) {
    ;(target as HTMLElement).blur()
    setMode('reply')
  } else if (isPicking()) pickNone()
  else find<HTMLAnchorElement>('[data-back]')?.click()
}

export function startKeys(): void {
  document.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && event.code === 'KeyK') {
      event.preventDefault()
      openCommands()
      return
    }
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return
    if (event.key === 'Escape') escape(event.target)
    else if (isTyping(event.target)) return
    else if (event.key === '?') find<HTMLDialogElement>('#keys')?.showModal()
    else if (event.key === '/' || event.key === '.' && event.code === 'Slash') {
      event.preventDefault()
      search()
    } else if (event.shiftKey && event.code === 'KeyV') pickAll()
    else if (!event.shiftKey && ACTS[event.code]) {
      event.preventDefault()
      ACTS[event.code]?.()
    }
  })
}
