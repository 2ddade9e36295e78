// Menus are <details>: one open at a time, closed by Escape, a click elsewhere or a choice; and the list of keys.
import { bringOut } from './drawers'
import { find, findAll, from, on } from './page'

export function closeMenus(but: Element | null = null): boolean {
  const open = findAll<HTMLDetailsElement>('details[data-menu][open]').filter((menu) => !but || !menu.contains(but))
  for (const menu of open) menu.open = false
  return open.length > 0
}

/** Open a menu and put the focus on its first choice, for who came by keyboard. */
function openMenu(menu: HTMLDetailsElement): void {
  closeMenus(menu)
  menu.open = true
  find('button:not(:disabled), a, input', menu.querySelector('.menu2') ?? menu)?.focus()
}

/** What lies under a key: a button is pressed, a menu opened, a field entered, also one in a drawer. */
export function press(key: string, within = '#conversation'): void {
  const the = find(`${within} [data-key="${key}"]`)
  if (the instanceof HTMLDetailsElement) openMenu(the)
  else if (the instanceof HTMLInputElement) {
    bringOut(the)
    the.focus()
  } else the?.click()
}

function walk(event: KeyboardEvent, menu: HTMLDetailsElement): void {
  const items = findAll('.item:not(:disabled)', menu)
  const at = items.indexOf(document.activeElement as HTMLElement)
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (!step || !items.length) return
  event.preventDefault()
  items[(at + step + items.length) % items.length]?.focus()
}

export function startMenus(): void {
  document.addEventListener('click', (event) => {
    closeMenus(event.target as Element)
    if (from(event, '.menu2 .item')) setTimeout(closeMenus, 0)
    if (from(event, '[data-keys-help]')) find<HTMLDialogElement>('#keys')?.showModal()
  })
  on<KeyboardEvent>('keydown', (event) => {
    const menu = from<HTMLDetailsElement>(event, 'details[data-menu][open]')
    const isTime = event.target instanceof HTMLInputElement && event.target.type === 'datetime-local' // arrows change it
    if (menu && !isTime) walk(event, menu)
  })
  on('submit', (event) => {
    if (from(event, '.menu2')) closeMenus()
  })
}
