// What is wrong on the command line, or in the world: each with its exit status and a message that helps.

import Foundation
import Ringmaster
import Testing

@testable import RingmasterCommand

@Suite(.serialized, .timeLimit(.minutes(2)))
struct UsageTests {
    @Test(arguments: [
        (["frob"], 64, "frob"),
        (["submit", "add"], 64, "Missing expected argument '<key>'"),
        (["read", "k", "--cluster", "localhost"], 64, "--cluster localhost cannot be used; expected endpoints"),
        (["read", "k", "--timeout", "soon"], 64, "--timeout soon cannot be used; expected a time above 0"),
        (["read", "k", "--config", "/nowhere.json"], 66, "the configuration file '/nowhere.json' cannot be read"),
        (["read", "k", "--key", "/nowhere.key"], 78, "The key /nowhere.key cannot be used"),
        (["read", "k", "--allow", "any"], 64, "give --key FILE"),
        (["read", "k", "--cluster", "tcp://10.255.255.1:7400"], 77, "leaves this machine unencrypted"),
        (["read", "k", "--cluster", "tcp://127.0.0.1:1", "--timeout", "300ms"], 69, "No coordinator leads"),
        (["status", "--cluster", "tcp://127.0.0.1:1", "--timeout", "300ms"], 69, "Is a majority of them running?"),
        (["leave", "", "--cluster", "tcp://127.0.0.1:1"], 64, "the name of a worker is empty"),
        (["resize", "2", "--data", "/nowhere"], 69, "no `ringmaster up` runs in '/nowhere'"),
        (["resize", "many"], 64, "many"),
        (["verify", "/nowhere"], 66, "'/nowhere' is not a data directory: it does not exist"),
        (["verify", "/etc/passwd"], 66, "is not a data directory: it is a file"),
        (["verify", "/proc/self/task"], 66, "it has neither cluster.json nor the files of a log"),
        (["worker", "--listen", "tcp://0.0.0.0:7500", "--insecure"], 64, "names no machine"),
        (["worker", "--weight", "0"], 64, "--weight 0 cannot be used; expected a whole number from 1"),
        (["worker", "--log-level", "loud"], 64, "--log-level loud cannot be used; expected one of trace, debug"),
        (
            ["coordinator", "--peer", "1=tcp://127.0.0.1:1", "--raft-id", "2"], 64,
            "names no coordinator with --raft-id 2"
        ),
        (
            ["coordinator", "--peer", "1=tcp://127.0.0.1:1,2=tcp://127.0.0.1:2,3=tcp://127.0.0.1:3"], 64,
            "3 coordinators need --data DIR"
        ),
        (["coordinator", "--joining"], 64, "--joining needs --data DIR"),
        (["coordinators", "add", "tcp://127.0.0.1:1"], 64, "expected ID=ENDPOINT, as 4=tcp://10.0.0.4:7400"),
        (["coordinators", "remove", "two"], 64, "two"),
        (
            ["coordinators", "remove", "2", "--cluster", "tcp://127.0.0.1:1", "--timeout", "300ms"], 69,
            "No coordinator"
        ),
        (["coordinator", "--slots", "100"], 64, "expected a power of two"),
        (["coordinator", "--metrics", "10.0.0.1"], 64, "expected PORT or IPV4-ADDRESS:PORT"),
        (["coordinator", "--key", "k", "--insecure"], 64, "contradict each other"),
        (["top", "--interval", "0"], 64, "--interval 0.0 is not within 0.1 to 60"),
        (["keygen", "/nowhere/key"], 73, "/nowhere/key"),
    ])
    func aMistakeIsNamedAndHasItsStatus(arguments: [String], status: Int32, says: String) async throws {
        let program = try Program(arguments)
        defer { program.end() }
        let result = await program.waitForEnd()
        #expect(result.status == status, "\(result.errors)")
        #expect(result.errors.contains(says), "\(result.errors)")
    }

    @Test
    func aPortInUseIsNamed() async throws {
        let port = try FreePort.find(on: "127.0.0.1", preferred: nil)
        let first = try Program(["coordinator", "--listen", "tcp://127.0.0.1:\(port)"])
        defer { first.end() }
        #expect(await eventually { first.errors.contains("coordinator listens") })
        let second = try await Program.run("coordinator", "--listen", "tcp://127.0.0.1:\(port)")
        #expect(second.status == 73)
        #expect(second.errors.contains("tcp://127.0.0.1:\(port) is in use"))
    }

    @Test(arguments: [
        (DeltaLogError.corrupt(file: "f", reason: "r"), Int32(65)),
        (.foreignDirectory(file: "f", found: "a", expected: "b"), 66), (.directoryLocked("d"), 73),
        (.diskFull(directory: "d"), 73), (.serverUnreached(4), 75), (.changeUnderWay, 75),
        (.notLeader(leader: nil), 69), (.invalidSetting("s"), 64),
        (.system(code: EACCES, reason: "r", doing: "d"), 77),
        (.system(code: ENOENT, reason: "r", doing: "d"), 66),
        (.system(code: EIO, reason: "r", doing: "d"), 74),
    ])
    func whatFailsALogHasItsStatus(error: DeltaLogError, status: Int32) {
        #expect(CommandFailure(error)?.status.rawValue == status)
    }

    @Test
    func helpTellsStatusesAndJobs() async throws {
        let help = try await Program.run("--help")
        #expect(help.status == 0)
        for status in ExitStatus.allCases { #expect(help.output.contains("\(status.rawValue)\t")) }
        #expect(help.output.contains("The flag wins over the environment"))
        #expect(try await Program.run("worker", "--help").output.contains("append KEY TEXT"))
    }
}
