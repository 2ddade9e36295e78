// htmx without evaluation and inline styles, CSRF on what changes, and a swap style that morphs by idiomorph.
import { Idiomorph } from 'idiomorph'
import { find, from, htmx, meta, on } from './page'

const KEPT = ['DETAILS', 'AUDIO', 'VIDEO', 'PROGRESS']

const FIELDS = 'input, textarea, select'

const morphing = (style: 'outerHTML' | 'innerHTML') => ({
  morphStyle: style,
  ignoreActiveValue: Boolean(document.activeElement?.matches(FIELDS)), // of a focused row or button it would leave all that it holds
  callbacks: {
    // What a person opened or plays stays as it is, and so does what a part asks for by itself.
    beforeAttributeUpdated: (name: string, node: Element) =>
      !(KEPT.includes(node.tagName) && (name === 'open' || name === 'src' || name === 'value')),
    beforeNodeMorphed: (old: Node) => !(old instanceof HTMLElement && old.matches('form[data-touched], video, audio, [data-own]')),
  },
})

export function morph(target: Element, content: Node | string, style: 'outerHTML' | 'innerHTML' = 'outerHTML'): void {
  Idiomorph.morph(target, content as Element, morphing(style))
}

export function startSwaps(): void {
  Object.assign(htmx.config, {
    includeIndicatorStyles: false,
    allowEval: false,
    defaultSettleDelay: 0, // what was swapped in answers the next key at once
    historyCacheSize: 0,
    refreshOnHistoryMiss: false,
    selfRequestsOnly: true,
    attributesToSettle: ['class'], // copying `style` would break the content security policy
    timeout: 30_000,
    responseHandling: [
      { code: '204', swap: false },
      { code: '[23]..', swap: true },
      { code: '[45]..', swap: false, error: true }, // refused is not done: what was typed stays, a dialog stays open
    ],
  })
  htmx.defineExtension('morph', {
    isInlineSwap: (style: string) => style === 'morph' || style === 'morph:outerHTML',
    handleSwap: (style: string, target: Node, fragment: Node) => {
      if (!style.startsWith('morph')) return false
      const kind = style === 'morph:innerHTML' ? 'innerHTML' : 'outerHTML'
      const parts = Idiomorph.morph(target as Element, (fragment as DocumentFragment).children as unknown as Element, morphing(kind))
      return (parts ?? []) as Node[]
    },
  } as unknown as Parameters<typeof htmx.defineExtension>[1])
  on<CustomEvent>('htmx:configRequest', (event) => {
    event.detail.headers['X-CSRF-Token'] = meta('csrf-token')
  })
  // What a person is filling in is theirs until they send it.
  on('input', (event) => from(event, 'form[data-kept]')?.setAttribute('data-touched', ''))
  // Parts of a conversation have no place once none is open.
  on<CustomEvent>('htmx:beforeSwap', (event) => {
    const answer: string = event.detail.serverResponse
    if (find('#conversation[data-conversation]') || !answer.includes('data-of=') || !answer.includes('hx-swap-oob=')) return
    const parts = document.createElement('template')
    parts.innerHTML = answer
    for (const part of parts.content.querySelectorAll('[hx-swap-oob][data-of]')) part.remove()
    event.detail.serverResponse = parts.innerHTML
  })
  // An answer about a conversation that is no longer the open one changes nothing.
  on<CustomEvent>('htmx:oobBeforeSwap', (event) => {
    const part = event.detail.fragment?.firstElementChild as HTMLElement | null
    const about = part?.dataset.of
    if (about && about !== find('#conversation')?.dataset.conversation) event.detail.shouldSwap = false
  })
}
