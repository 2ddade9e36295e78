// The panel's script: htmx with morphing, and a module for each thing that a page does by itself.
import 'vite/modulepreload-polyfill'
import './app.css'
import './generated/icons.svg?url'
import { startClocks } from './clocks'
import { startCommands } from './commands'
import { startComposer } from './composer'
import { startDialogs } from './dialogs'
import { startDrawers } from './drawers'
import { startKeys } from './keys'
import { startLeads } from './leads'
import { startList } from './list'
import { startLive } from './live'
import { startMedia } from './media'
import { startMentions } from './mentions'
import { startMenus } from './menus'
import { startNews } from './news'
import { startPicking } from './picking'
import { startPresence } from './presence'
import { startSwaps } from './swaps'
import { startThread } from './thread'
import { startTitle } from './title'
import { startToasts } from './toasts'

startSwaps()
startMenus()
startDrawers()
startToasts()
startClocks()
startMentions()
startComposer()
startList()
startPicking()
startThread()
startTitle()
startLeads()
startMedia()
startDialogs()
startCommands()
startKeys()
startNews()
startLive()
startPresence()
