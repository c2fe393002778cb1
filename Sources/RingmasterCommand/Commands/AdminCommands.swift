// `ringmaster leave` and `snapshot`: orders to a cluster.

import ArgumentParser
import Foundation
import Ringmaster

struct LeaveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leave",
        abstract: "Have a worker hand its slots over and end.",
        discussion: """
            Returns when the ring goes without it. A worker of `up` is not started again. One that does not answer is taken out \
            of the ring; should it live, it joins again.

            \(ExitStatus.list)
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "Name of the worker, as `ringmaster status` shows it.")
    var name: String

    func run() async throws {
        let worker: WorkerID
        do {
            worker = try WorkerID(validating: name)
        } catch {
            throw CommandFailure(.usage, "\(error)")
        }
        let admin = try await ClusterAdmin(try client.configuration())
        try await admin.leave(worker)
        printNow("\(name) has left")
    }
}

struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot",
        abstract: "Have every coordinator write a snapshot and compact its log.",
        discussion: "They do so in their own time; this returns when they have been told.\n\n\(ExitStatus.list)"
    )

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let admin = try await ClusterAdmin(try client.configuration())
        for (endpoint, index) in try await admin.snapshot().sorted(by: { $0.key.text < $1.key.text }) {
            printNow("\(endpoint) snapshots at index \(index)")
        }
    }
}

struct KeygenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Make a key pair: FILE for --key, FILE.pub for --server-key and for lists of --allow.",
        discussion: """
            FILE can be read by its owner alone; whoever has it can pretend to be this process. FILE.pub is for everybody. An \
            allow list is such public keys, one a line: cat *.pub > allowed. Processes that share one key pair need neither \
            --server-key nor --allow.

            \(ExitStatus.list)
            """
    )

    @Argument(help: "The file to make. It must not exist.")
    var file: String

    func run() throws {
        let keys: CurveKeyPair
        do throws(TransportError) {
            keys = try CurveKeyPair.generate()
            try KeyFile.write(keys, to: file)
        } catch {
            throw CommandFailure(.cannotCreate, error.description)
        }
        do {
            try (keys.publicKey.text + "\n").write(toFile: file + ".pub", atomically: true, encoding: .utf8)
        } catch {
            throw CommandFailure(
                .cannotCreate,
                "'\(file).pub' cannot be written: \(error). Its key: \(keys.publicKey.text)"
            )
        }
        printNow(keys.publicKey.text)
    }
}
