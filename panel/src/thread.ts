// The open conversation: at its newest message, staying where one reads, told of what comes.
import { find, htmx, on, openId } from './page'

const NEAR = 120

const box = () => find('#stream-scroll')
const isAtEnd = (of: HTMLElement) => of.scrollHeight - of.scrollTop - of.clientHeight < NEAR

export function toEnd(): void {
  const scroll = box()
  if (scroll) scroll.scrollTop = scroll.scrollHeight
  find('#to-newest')?.setAttribute('hidden', '')
}

/** The message that the address names (a search found it); true when it stands in the thread. */
function toFound(): boolean {
  const id = new URLSearchParams(location.search).get('message')
  const message = id ? find(`#message-${CSS.escape(id)}`) : null
  message?.scrollIntoView({ block: 'center' })
  message?.classList.add('found')
  return Boolean(message)
}

let missed = false

/** Fetch what may have changed of the open conversation. */
export function refreshThread(): void {
  const open = find('#conversation')
  if (!open?.dataset.address) return
  missed = document.hidden
  const query = new URLSearchParams(open.dataset.query)
  if (!missed) query.set('looking', '1')
  void htmx.ajax('get', `${open.dataset.address}/parts?${query}`, { source: open, target: document.body, swap: 'none' }) // it may be gone by then
}

export function startThread(): void {
  let opened = openId()
  let wasAtEnd = true
  let height = 0
  const toPlace = () => {
    wasAtEnd = !toFound()
    if (wasAtEnd) toEnd()
  }
  toPlace()
  if (Number(find('#views [data-view=mentioned] .n')?.textContent)) refreshThread() // it may be here that one is called
  on<CustomEvent>('htmx:oobBeforeSwap', (event) => {
    const scroll = box()
    if (event.detail.target?.id !== 'stream' || !scroll) return
    wasAtEnd = isAtEnd(scroll)
    height = scroll.scrollHeight
  })
  on<CustomEvent>('htmx:oobAfterSwap', (event) => {
    const scroll = box()
    if (event.detail.target?.id !== 'stream' || !scroll) return
    if (wasAtEnd) toEnd()
    else if (scroll.scrollHeight > height) find('#to-newest')?.removeAttribute('hidden')
  })
  on<CustomEvent>('htmx:afterSettle', () => {
    if (opened === openId()) return
    opened = openId()
    toPlace()
  })
  // Earlier messages appear above; what one reads stays under the eyes.
  on<CustomEvent>('htmx:beforeSwap', (event) => {
    const scroll = box()
    if (!scroll || !String(event.detail.target?.id).startsWith('earlier-')) return
    const below = scroll.scrollHeight - scroll.scrollTop
    requestAnimationFrame(() => (scroll.scrollTop = scroll.scrollHeight - below))
  })
  on('click', (event) => {
    if ((event.target as Element).closest('#to-newest')) toEnd()
  })
  on('load', () => wasAtEnd && toEnd())
  document.addEventListener('visibilitychange', () => !document.hidden && missed && refreshThread())
  addEventListener('popstate', () => setTimeout(toPlace, 100))
}
