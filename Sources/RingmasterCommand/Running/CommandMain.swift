// From the command line to the exit status: parses, runs the command, says what went wrong, ends the process.

import ArgumentParser
import Dispatch
import Glibc
import Ringmaster

/// The whole of the program.
public enum CommandMain {
    /// Runs the command that the process was started with, and ends the process.
    public static func run() -> Never {
        // A reader that has gone away is an error of the write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        OpenFileLimit.raise()
        do throws(FaultError) {
            try Faults.begin()
        } catch {
            printError("ringmaster: \(error)")
            Glibc.exit(ExitStatus.configuration.rawValue)
        }
        let command: any ParsableCommand
        do {
            command = try RingmasterProgram.parseAsRoot()
        } catch {
            RingmasterProgram.exit(withError: error)
        }
        // Before any other thread begins: all of them are to leave these signals to the one that waits for them.
        if command is any StoppableCommand { StopSignals.block() }
        Task.detached {
            do {
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    var command = command
                    try command.run()
                }
                Glibc.exit(ExitStatus.done.rawValue)
            } catch {
                finish(error)
            }
        }
        while true { pause() }
    }

    private static func finish(_ error: any Error) -> Never {
        guard let failure = CommandFailure(error) else { RingmasterProgram.exit(withError: error) }
        printError("ringmaster: \(failure.message)")
        Glibc.exit(failure.status.rawValue)
    }
}

/// A command that ends in its own way on SIGINT and SIGTERM.
protocol StoppableCommand: AsyncParsableCommand {}

/// Writes a line to stderr.
package func printError(_ line: String) {
    writeAll(line + "\n", to: STDERR_FILENO)
}

/// Writes a line to stdout at once, also where that is a file or pipe.
package func printNow(_ line: String) {
    writeAll(line + "\n", to: STDOUT_FILENO)
}

/// Writes the whole text. Where nobody reads any more, the rest is dropped.
package func writeAll(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
    }
}
