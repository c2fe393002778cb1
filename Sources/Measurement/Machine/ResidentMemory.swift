// The memory that this process has in use.

import Foundation
import Glibc

public enum ResidentMemory {
    /// Of this process, in bytes; 0 where the system does not say. Source: proc(5), the second field of statm, in pages.
    public static var bytes: Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }
}
