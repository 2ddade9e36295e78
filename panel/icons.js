// The Lucide icons that templates use; Vite writes them into one sprite.
export const icons = [
  'arrow-down', 'arrow-left', 'arrow-right', 'arrow-right-left', 'alarm-clock', 'at-sign', 'ban', 'bell', 'bell-off', 'check', 'check-check', 'chevron-down',
  'chevron-right', 'chevrons-up-down', 'circle-alert', 'circle-check', 'circle-help', 'circle-play', 'circle-x', 'clock', 'clock-arrow-up',
  'coffee', 'contact', 'copy', 'cpu', 'download', 'ellipsis', 'external-link', 'eye', 'file', 'file-text', 'flag',
  'gauge', 'globe', 'history', 'image', 'inbox', 'info', 'key-round', 'keyboard', 'layers', 'link', 'list-filter', 'log-out', 'map-pin', 'menu', 'message-circle',
  'message-square', 'message-square-off', 'messages-square', 'mic', 'monitor', 'moon', 'music', 'newspaper', 'paperclip', 'pause', 'pencil',
  'phone', 'play', 'plug', 'plus', 'power', 'quote', 'radio', 'refresh-cw', 'reply', 'rotate-ccw', 'search', 'send', 'send-horizontal',
  'settings', 'shield-alert', 'shield-check', 'sticker', 'sticky-note', 'sun', 'tag', 'target', 'thumbs-down', 'thumbs-up',
  'timer', 'trash-2', 'trending-up', 'triangle-alert', 'undo-2', 'unplug', 'user', 'user-check', 'user-plus', 'user-x', 'users', 'video', 'vote', 'wifi-off', 'x',
]
