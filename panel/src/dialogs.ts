// Dialogs that the server sends: opened when they arrive; they and drawers close when their form was taken.
import { putAway } from './drawers'
import { find, from, on } from './page'

export function startDialogs(): void {
  on<CustomEvent>('htmx:afterSettle', (event) => {
    if (event.detail.target?.id !== 'dialogs') return
    find<HTMLDialogElement>('#dialogs dialog[data-open-now]')?.showModal()
  })
  on('click', (event) => {
    if (from(event, '[data-close-dialog]')) from<HTMLDialogElement>(event, 'dialog')?.close()
  })
  on<CustomEvent>('htmx:afterRequest', (event) => {
    const form = event.detail.elt as HTMLElement
    if (!event.detail.successful || !form.matches('[data-closes-dialog]')) return
    form.closest('dialog')?.close()
    putAway(form)
  })
}
