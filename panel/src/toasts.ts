// Toasts leave after ten seconds, later while the pointer or the focus is on them or nobody looks, and ten seconds after
// what they tell of is over; refusals arrive as an event.
import { find, findAll, from, htmx, naming, on, onLost, words } from './page'

const SHOWN = 10_000

function watch(toast: HTMLElement): void {
  toast.dataset.watched = ''
  let wasGoing = false
  const leave = () => {
    const isGoing = find('[data-going]', toast) !== null
    if (isGoing || wasGoing) setTimeout(leave, isGoing ? 500 : SHOWN)
    else if (document.hidden || toast.matches(':hover, :focus-within')) setTimeout(leave, 1500)
    else toast.remove()
    wasGoing = isGoing
  }
  setTimeout(leave, SHOWN)
}

export function showToast(text: string, kind: 'done' | 'error' = 'done'): void {
  const template = find<HTMLTemplateElement>(`#toast-${kind}`)
  const toast = template?.content.firstElementChild?.cloneNode(true) as HTMLElement | undefined
  if (!toast) return
  const place = find('[data-text]', toast)
  if (place) place.textContent = text
  find('#toasts')?.append(toast)
  htmx.process(toast)
}

/** A deed that came to nothing says so, once however often it is pressed; what could be undone still can. */
function sayLost(event: CustomEvent): void {
  const { elt, requestConfig } = event.detail
  const isAsked = requestConfig?.verb !== 'get' || ['click', 'submit'].includes(requestConfig.triggeringEvent?.type)
  if (!isAsked || elt?.id === 'reply-form') return // the composer says it itself
  from(event, '.toast2')?.classList.remove('invisible')
  for (const one of findAll('#toasts [data-text]')) if (one.textContent === words.lost) one.closest('.toast2')?.remove()
  showToast(words.lost ?? '', 'error')
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
    const { text, assignee, code } = event.detail
    if (code === 'answered_since') return // the composer asks
    showToast(assignee ? naming(words.taken, assignee) : String(text ?? ''), 'error')
  })
  onLost(sayLost)
}
