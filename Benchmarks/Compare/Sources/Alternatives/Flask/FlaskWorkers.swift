// Workers on Flask: each a gunicorn with one process, all of them on one port (SO_REUSEPORT), as behind a load balancer. An answer is
// sent once its effect is in the database; a client asks again where none came. Flask keeps nothing: the lists are in a database.

import Foundation
import Glibc

struct FlaskWorkers: WorkerService {
    let name = "flask"
    /// None that a run could kill beside the workers: the database is a file.
    let servers: [String] = []
    private static let threads = 8

    func find() throws -> ServiceDescription {
        let gunicorn = try Alternatives.program("gunicorn", for: name)
        let python = try Alternatives.program("python3", for: name)
        let flask = Alternatives.output(of: [
            python, "-c", "import importlib.metadata as m; print(m.version('flask'))",
        ])
        guard !flask.isEmpty else { throw AlternativeError.missing(what: "python3-flask", alternative: name) }
        let version = Alternatives.output(of: [gunicorn, "--version"])
        return ServiceDescription(
            version: "Flask \(flask), \(version)",
            settings: """
                workers of one process with \(Self.threads) threads on one port; HTTP/1.1, connections kept, \
                \(HTTPServiceClient.connectionsMax) a client; an operation that got no answer is asked again, after 5 s or a lost \
                connection; lists in SQLite, write-ahead log, synchronised at each commit
                """
        )
    }

    func promise(_ care: ServiceCare) -> ServicePromise? {
        switch care {
        case .recommended:
            ServicePromise(
                "at least once, as clients ask again: nothing acknowledged is lost, a job may be done again",
                excluded: [
                    "duplicated-append":
                        "at least once: a client that got no answer asks again, whether the job had been done or not"
                ]
            )
        case .idempotent:
            ServicePromise(
                "exactly once by the user's code: the database has each Idempotency-Key's position, written with its effect"
            )
        }
    }

    func startServers(_ instance: Instance) throws {
        _ = try instance.takePort("http")
        _ = try instance.write(
            """
            def post_worker_init(worker):
                print("\(Instance.readyText)", flush=True)

            """,
            to: "gunicorn.conf.py"
        )
    }

    func work(as worker: String, at address: Address, ready: () -> Void) throws {
        let gunicorn = try Alternatives.program("gunicorn", for: name)
        let folder = Alternatives.sources.appending(path: "Flask").path(percentEncoded: false)
        setenv("IDEMPOTENT", address.care == .idempotent ? "yes" : "no", 1)
        let words = [
            gunicorn, "--config", "gunicorn.conf.py", "--bind", "127.0.0.1:\(address.port("http"))", "--reuse-port",
            "--graceful-timeout", "2",
            "--worker-class", "gthread", "--workers", "1", "--threads", "\(Self.threads)", "--pythonpath", folder,
            "workers:app",
        ]
        // A thread of a pool may have signals blocked, and would hand that on.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        // gunicorn says that it is ready, by its configuration.
        var arguments = words.map { strdup($0) }
        arguments.append(nil)
        execv(gunicorn, &arguments)
        throw AlternativeError.failed("\(gunicorn) cannot be run: \(String(cString: strerror(errno)))")
    }

    func client(_ name: String, at address: Address) -> any ServiceClient {
        HTTPServiceClient(port: address.port("http")) { operation in
            let key = String(decoding: operation.key, as: UTF8.self)
            guard let value = operation.value else { return HTTPServiceClient.get("/list/\(key)") }
            return HTTPServiceClient.post(
                "/append/\(key)",
                "\(value)",
                headers: "Idempotency-Key: \(name)/\(operation.id)\r\n"
            )
        }
    }
}
