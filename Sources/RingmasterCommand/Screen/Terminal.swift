// The terminal, by the escape sequences that every one of them knows.

import Glibc

/// Whether there is a terminal, how large it is, and frames on it.
enum Terminal {
    static var isThere: Bool { isatty(STDOUT_FILENO) == 1 }

    static var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Changes to a screen of its own, without a cursor.
    static func enter() { write("\u{1b}[?1049h\u{1b}[?25l") }
    /// Gives the screen back as it was.
    static func leave() { write("\u{1b}[?25h\u{1b}[?1049l") }

    /// Draws a frame over the one before: no flicker, as nothing is cleared that is drawn again.
    static func draw(_ lines: [String]) {
        write("\u{1b}[H" + lines.map { $0 + "\u{1b}[K" }.joined(separator: "\r\n") + "\u{1b}[J")
    }

    private static func write(_ text: String) {
        writeAll(text, to: STDOUT_FILENO)
    }
}
