// Following the live stream: EventSource repeats Last-Event-ID by itself; what it gives up on, we open again.
export interface Happened {
  kind: string
  ref: Record<string, number | string | null>
}

export interface Word {
  state?: 'connecting' | 'open' | 'lost'
  happened?: Happened
  reset?: boolean
}

// All that the server announces: a test compares them. EventSource hears no kind that it was not told of.
const KINDS = [
  'message', 'conversation', 'channel', 'agent', 'post', 'typing', 'sla', 'hours', 'lead', 'dead_event', 'escalation',
  'mention',
]
const AGAIN = [1000, 2000, 5000, 10_000]

export function follow(address: string, tell: (word: Word) => void, attempt = 0): void {
  const url = new URL(address)
  const open = (tries: number) => {
    const source = new EventSource(url)
    const hear = (event: MessageEvent<string>) => {
      if (event.lastEventId) url.searchParams.set('after', event.lastEventId)
      tell({ happened: JSON.parse(event.data) as Happened })
    }
    for (const kind of KINDS) source.addEventListener(kind, hear as EventListener)
    source.addEventListener('reset', () => {
      url.searchParams.delete('after')
      tell({ reset: true })
    })
    source.onopen = () => {
      tries = 0
      tell({ state: 'open' })
    }
    source.onerror = () => {
      tell({ state: 'lost' })
      if (source.readyState !== EventSource.CLOSED) return
      source.close()
      setTimeout(() => open(tries + 1), AGAIN[Math.min(tries, AGAIN.length - 1)])
    }
  }
  open(attempt)
}
