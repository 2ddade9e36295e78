// Offers above the composer (canned responses, colleagues): arrows walk, Enter or Tab takes one, Escape leaves.
import { from } from './page'

interface Offers {
  box: () => HTMLElement | null
  chosen: () => HTMLElement | undefined
  walk: (step: number) => void
  take: (one: HTMLElement | undefined) => void
  hide: () => void
  /** Whether Enter with Ctrl takes one, too, instead of sending. */
  withControl: boolean
}

/** Before the composer's own keys: Enter takes what is chosen, it does not send. */
export function listenForKeys({ box, chosen, walk, take, hide, withControl }: Offers): void {
  document.addEventListener(
    'keydown',
    (event) => {
      const place = box()
      if (!place || place.hidden || !from(event, '#reply-form #text')) return
      if (!withControl && (event.ctrlKey || event.metaKey)) return
      const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
      if (step) walk(step)
      else if (event.key === 'Enter' || event.key === 'Tab') take(chosen())
      else if (event.key === 'Escape') hide()
      else return
      event.preventDefault()
      event.stopPropagation()
    },
    true,
  )
}
