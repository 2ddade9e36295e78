// Side columns that have no room on a narrow screen: popovers there, brought out by a button or by a key.
import { find, from } from './page'

const out = () => find('[popover]:popover-open')

export const isOut = (): boolean => out() !== null

/** Bring out the drawer that `part` lies in; a column that shows already stays as it is. */
export function bringOut(part: Element): void {
  const drawer = part.closest<HTMLElement>('[popover]')
  if (drawer && !drawer.getClientRects().length) drawer.showPopover()
}

export function putAway(part: Element): void {
  part.closest<HTMLElement>('[popover]:popover-open')?.hidePopover()
}

export function startDrawers(): void {
  let isDismissal = false
  // The tap beside a drawer puts it away, and does nothing to what lies under it.
  document.addEventListener('pointerdown', (event) => {
    isDismissal = isOut() && !from(event, '[popover], [popovertarget]')
  }, true)
  document.addEventListener('click', (event) => {
    if (isDismissal) {
      event.preventDefault()
      event.stopImmediatePropagation()
    }
    isDismissal = false
  }, true)
  // A wider window has room for the column: the button that closes it is gone.
  addEventListener('resize', () => {
    const drawer = out()
    if (drawer && !find('[popovertargetaction="hide"]', drawer)?.getClientRects().length) drawer.hidePopover()
  })
}
