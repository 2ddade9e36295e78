// Toasts leave after ten seconds, later while the pointer or the focus is on them; refusals arrive as an event.
import { find, findAll, from, htmx, on, words } from './page'

const SHOWN = 10_000

function watch(toast: HTMLElement): void {
  toast.dataset.watched = ''
  const leave = () => (toast.matches(':hover, :focus-within') ? setTimeout(leave, 1500) : toast.remove())
  setTimeout(leave, SHOWN)
}

export function showError(text: string): void {
  const template = find<HTMLTemplateElement>('#toast-error')
  const toast = template?.content.firstElementChild?.cloneNode(true) as HTMLElement | undefined
  if (!toast) return
  const place = find('[data-text]', toast)
  if (place) place.textContent = text
  find('#toasts')?.append(toast)
  htmx.process(toast)
}

/** What the newest notice offers to take back, as long as it is shown. */
export function takeBack(): void {
  findAll<HTMLButtonElement>('#toasts .toast2:not(.invisible) [data-undo] button').at(-1)?.click()
}

export function startToasts(): void {
  const place = find('#toasts')
  if (place) {
    new MutationObserver(() => findAll('.toast2:not([data-watched])', place).forEach(watch)).observe(place, { childList: true, subtree: true })
  }
  on('click', (event) => {
    if (from(event, '[data-dismiss]')) from(event, '.toast2')?.remove()
  })
  // Hidden, not removed: the answer's events come through the form.
  on('submit', (event) => from(event, '[data-undo]') && from(event, '.toast2')?.classList.add('invisible'))
  on<CustomEvent>('toast', (event) => {
    const { text, assignee } = event.detail
    showError(assignee ? (words.taken ?? '').replace('%(name)s', assignee) : String(text ?? ''))
  })
}
