// The lead beside an open conversation: what is changed is written at once, but why it is none is asked for first.
import { find, from, htmx, on } from './page'

const WITH_REASON = ['lost', 'not_a_lead']

const formOf = (event: CustomEvent) => {
  const elt = event.detail.elt as HTMLElement
  return elt instanceof HTMLFormElement && elt.matches('[data-lead]') ? elt : null
}

/** The field for the reason comes out with the stages that have one; a form without a reason that is due stays. */
function showReason(form: HTMLFormElement): void {
  const stage = find<HTMLSelectElement>('[name="stage"]', form)?.value ?? ''
  const reason = find<HTMLInputElement>('[name="reason"]', form)
  if (!reason) return
  reason.hidden = !WITH_REASON.includes(stage)
  reason.required = stage === 'not_a_lead'
}

export function startLeads(): void {
  // Before `change`, at which the form is sent.
  on('input', (event) => {
    const form = from<HTMLFormElement>(event, 'form[data-lead]')
    if (form) showReason(form)
  })
  on('change', (event) => {
    const reason = from<HTMLSelectElement>(event, 'form[data-lead] select')?.form?.elements.namedItem('reason')
    if (reason instanceof HTMLInputElement && !reason.hidden && !reason.value) reason.focus()
  })
  // Enter is as good as leaving the field: one change is sent once.
  on<KeyboardEvent>('keydown', (event) => {
    const field = event.key === 'Enter' ? from<HTMLInputElement>(event, 'form[data-lead] input') : null
    if (!field) return
    event.preventDefault()
    field.blur()
  })
  // What is changed while the form is on its way goes after it: htmx forgets a queue when the form is drawn anew.
  document.addEventListener(
    'change',
    (event) => {
      const form = from<HTMLFormElement>(event, 'form[data-lead].htmx-request')
      if (form) form.dataset.again = ''
    },
    true,
  )
  // What is on its way is no longer being filled in; what is typed meanwhile is again.
  on<CustomEvent>('htmx:beforeRequest', (event) => formOf(event)?.removeAttribute('data-touched'))
  on<CustomEvent>('htmx:afterRequest', (event) => {
    const form = formOf(event)
    if (!form) return
    const isChanged = form.dataset.again !== undefined
    delete form.dataset.again
    if (event.detail.successful) {
      if (isChanged) setTimeout(() => htmx.trigger(form, 'submit', {}))
      return
    }
    const status: number = event.detail.xhr?.status ?? 0
    if (find('select', form) && status >= 400 && status < 500) {
      form.reset() // refused: the stage is what it was
      showReason(form)
    } else form.setAttribute('data-touched', '')
  })
}
