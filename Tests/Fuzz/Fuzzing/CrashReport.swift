// What a run says when an input stops the process: which one it was.

import Glibc

/// Keeps the input at hand where a signal handler finds it, and writes it to the standard error when the process crashes
/// or an input takes too long.
public enum CrashReport {
    /// Read by the handler, which may not allocate. One thread writes: that of the run.
    private struct Note {
        var target: StaticString = ""
        var seed: UInt64 = 0
        var iteration: UInt64 = 0
        var input: UnsafeMutablePointer<UInt8>
        var inputCount = 0
        var isInstalled = false
    }

    // Unsafe: made once, then touched by the one thread that fuzzes, and by the handler while that stands still.
    private nonisolated(unsafe) static let note: UnsafeMutablePointer<Note> = {
        let note = UnsafeMutablePointer<Note>.allocate(capacity: 1)
        note.initialize(to: Note(input: .allocate(capacity: Mutator.bytesMax)))
        return note
    }()

    private static let signals = [SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGALRM]

    /// From now on crashes are reported, and an input that takes more than 20 seconds is one. For a process of its own.
    public static func install() {
        _ = note
        // A handler has a stack of its own: the other may be what ran out.
        var stack = stack_t()
        stack.ss_size = 64 << 10
        stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: stack.ss_size, alignment: 16)
        sigaltstack(&stack, nil)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { signal in CrashReport.report(signal) }
        action.sa_flags = Int32(SA_ONSTACK) | Int32(bitPattern: UInt32(SA_RESETHAND))
        for signal in signals { sigaction(signal, &action, nil) }
        note.pointee.isInstalled = true
    }

    static func note(_ input: [UInt8], target: StaticString, seed: UInt64, iteration: Int) {
        guard note.pointee.isInstalled else { return }
        if iteration % 1024 == 0 { alarm(20) }
        note.pointee.input.update(from: input, count: input.count)
        note.pointee.inputCount = input.count
        note.pointee.target = target
        note.pointee.seed = seed
        note.pointee.iteration = UInt64(iteration)
    }

    /// In a signal handler: nothing but `write` and `_exit`.
    private static func report(_ signal: Int32) {
        write(signal == SIGALRM ? "\nan input took too long: " : "\nan input crashed the process: ")
        write(note.pointee.target)
        write("\n  again: swift run -c release fuzz --seed ")
        writeNumber(note.pointee.seed)
        write(" --first ")
        writeNumber(note.pointee.iteration)
        write(" --iterations 1\n  input: ")
        for index in 0..<note.pointee.inputCount {
            let byte = note.pointee.input[index]
            writeDigit(byte >> 4)
            writeDigit(byte & 15)
        }
        write("\n")
        _exit(1)
    }

    private static func writeNumber(_ number: UInt64) {
        var divisor: UInt64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            writeDigit(UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    private static func writeDigit(_ digit: UInt8) {
        var character = digit < 10 ? 0x30 + digit : 0x57 + digit
        _ = Glibc.write(2, &character, 1)
    }

    private static func write(_ text: StaticString) {
        _ = Glibc.write(2, text.utf8Start, text.utf8CodeUnitCount)
    }
}
