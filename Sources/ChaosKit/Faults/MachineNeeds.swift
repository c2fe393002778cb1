// Which faults this machine, and whoever runs this, can do.

import Glibc

/// Looked at before a run is planned, so that none fails for want of a right in its middle.
public enum MachineNeeds {
    /// Why these kinds cannot be done here, for a person; nil: they can.
    public static func lack(for kinds: some Sequence<FaultKind>) -> String? {
        for kind in kinds {
            guard let lack = lack(for: kind) else { continue }
            return "--faults \(kind.rawValue) \(lack)"
        }
        return nil
    }

    /// The kinds that can be done here.
    public static var kinds: [FaultKind] { FaultKind.allCases.filter { lack(for: $0) == nil } }

    private static func lack(for kind: FaultKind) -> String? {
        guard kind == .diskFull else { return nil }
        if geteuid() != 0 { return "mounts a small file system for each coordinator; run it as root" }
        if access("/dev/loop-control", R_OK | W_OK) != 0 {
            return "needs loop devices, and there is no /dev/loop-control"
        }
        let tool = Volume.tools.first { access($0, X_OK) != 0 }
        return tool.map { "needs \($0), which is missing; install e2fsprogs and mount" }
    }
}
