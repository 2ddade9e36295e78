// What the modules ask of the page.
import htmx from 'htmx.org'

export { htmx }

export const find = <T extends HTMLElement = HTMLElement>(selector: string, root: ParentNode = document): T | null =>
  root.querySelector<T>(selector)

export const findAll = <T extends HTMLElement = HTMLElement>(selector: string, root: ParentNode = document): T[] => [
  ...root.querySelectorAll<T>(selector),
]

/** Listen on the body, so that parts that were swapped in need nothing. */
export const on = <E extends Event = Event>(name: string, act: (event: E) => void): void =>
  document.body.addEventListener(name, act as EventListener)

/** A sentence with somebody's name in it, whatever characters that holds. */
export const naming = (words: string | undefined, name: string): string => (words ?? '').replace('%(name)s', () => name)

/** A request that nobody of ours answered: no connection, no word in time, or a gateway's own page. */
export function onLost(act: (event: CustomEvent) => void): void {
  on('htmx:sendError', act)
  on('htmx:timeout', act)
  on<CustomEvent>('htmx:afterRequest', (event) => {
    const { xhr } = event.detail
    if (xhr.status >= 502 && !xhr.getResponseHeader('HX-Trigger')) act(event)
  })
}

/** The element under `selector` that an event came from. */
export const from = <T extends HTMLElement = HTMLElement>(event: Event, selector: string): T | null =>
  event.target instanceof Element ? event.target.closest<T>(selector) : null

export const meta = (name: string): string => find<HTMLMetaElement & HTMLElement>(`meta[name="${name}"]`)?.getAttribute('content') ?? ''

export const words: Record<string, string> = JSON.parse(meta('words') || '{}')

export const openId = (): string | null => find('#conversation')?.dataset.conversation ?? null
