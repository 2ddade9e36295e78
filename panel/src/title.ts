// The tab's title begins with how many conversations wait for the reader: the number beside "Mine" in the left column.
import { find, on } from './page'

const COUNTED = /^\(\d+\) /

function show(): void {
  const waits = Number(find('#views')?.dataset.waits ?? 0)
  const plain = document.title.replace(COUNTED, '')
  const title = waits ? `(${waits}) ${plain}` : plain
  if (document.title !== title) document.title = title
}

export function startTitle(): void {
  show()
  on('htmx:afterSettle', show)
  const title = find('title')
  if (title) new MutationObserver(show).observe(title, { childList: true }) // a conversation brings a title of its own
}
