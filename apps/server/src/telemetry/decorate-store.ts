/** The names of the operations of a store that are commands to its server. */
type Command = 'update' | 'read' | 'find'

const COMMANDS: readonly Command[] = ['update', 'read', 'find']

type Commands = Readonly<Record<Command, (...args: readonly unknown[]) => Promise<unknown>>>

/** Runs one command, and does something around it. */
export type Around = (command: Command, run: () => Promise<unknown>) => Promise<unknown>

/** Returns a store that has something done around each of its commands. */
export const decorateStore = <S extends object>(store: S, around: Around): S => {
  const commands = store as unknown as Commands
  const decorated = COMMANDS.filter((command) => command in store).map((command) => {
    const value = (...args: readonly unknown[]): Promise<unknown> =>
      around(command, () => commands[command](...args))
    return [command, { value }] as const
  })
  return Object.create(store, Object.fromEntries(decorated))
}
